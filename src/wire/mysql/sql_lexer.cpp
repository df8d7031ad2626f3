#include "wire/mysql/sql_lexer.h"

#include <algorithm>
#include <array>

namespace sluice::mysql {
namespace {

// No server has reached this version; clients use it for what no server is to run.
constexpr uint32_t kNeverRun = 990000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Bytes of bare names: MySQL manual, "Schema Object Names".
bool is_name_byte(char c) {
  return is_digit(c) || (lower_ascii(c) >= 'a' && lower_ascii(c) <= 'z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  char l = lower_ascii(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

std::string digits_to_bytes(std::string_view digits, unsigned bits_each) {
  // A first byte that is not filled has zeros in front.
  std::string bytes;
  unsigned have = static_cast<unsigned>((8 - digits.size() * bits_each % 8) % 8);
  unsigned value = 0;
  for (char c : digits) {
    value = value << bits_each | static_cast<unsigned>(std::max(0, hex_digit(c)));
    have += bits_each;
    if (have == 8) {
      bytes.push_back(static_cast<char>(value));
      have = value = 0;
    }
  }
  return bytes;
}

// MySQL manual, "String Literals".
char escaped(char c) {
  switch (c) {
    case '0': return '\0';
    case 'b': return '\b';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'Z': return '\x1a';
    default: return c;
  }
}

}  // namespace

bool Token::is(std::string_view word) const { return kind == Kind::Word && same_word(text, word); }

Token SqlLexer::make(Token::Kind kind, size_t begin, size_t text_begin, size_t text_end) {
  return {kind, sql_.substr(text_begin, text_end - text_begin), begin, at_};
}

// False: a comment does not end.
bool SqlLexer::skip_space() {
  for (;;) {
    char c = peek(0);
    if (at_ >= sql_.size()) return true;
    if (is_space(c)) {
      ++at_;
    } else if (c == '#' || (c == '-' && peek(1) == '-' &&
                            (at_ + 2 >= sql_.size() || static_cast<unsigned char>(peek(2)) <= ' '))) {
      at_ = std::min(sql_.find('\n', at_), sql_.size());
    } else if (c == '/' && peek(1) == '*') {
      if (!skip_comment()) return false;
    } else if (versioned_ > 0 && c == '*' && peek(1) == '/') {
      --versioned_;
      at_ += 2;
    } else {
      return true;
    }
  }
}

bool SqlLexer::skip_comment() {
  size_t mark = peek(2) == '!' ? 3 : peek(2) == 'M' && peek(3) == '!' ? 4 : 0;
  if (mark > 0) {
    size_t digits = 0;
    uint32_t version = 0;
    while (digits < 6 && is_digit(peek(mark + digits))) {
      version = version * 10 + static_cast<uint32_t>(peek(mark + digits) - '0');
      ++digits;
    }
    if (version < kNeverRun) {
      ++versioned_;
      at_ += mark + (digits >= 5 ? digits : 0);
      return true;
    }
  }
  size_t end = sql_.find("*/", at_ + 2);
  if (end == std::string_view::npos) {
    at_ = sql_.size();
    return false;
  }
  at_ = end + 2;
  return true;
}

Token SqlLexer::quoted(Token::Kind kind, char quote, size_t begin) {
  size_t text_begin = ++at_;
  bool backslash = kind == Token::Kind::Text && !(sql_mode_ & kModeNoBackslashEscapes);
  const char stops[2] = {quote, '\\'};
  for (;;) {
    size_t stop = sql_.find_first_of(std::string_view(stops, backslash ? 2 : 1), at_);
    if (stop == std::string_view::npos) {
      at_ = sql_.size();
      return make(Token::Kind::Broken, begin, text_begin, at_);
    }
    at_ = stop + 1;
    if (sql_[stop] == '\\' || peek(0) == quote) {
      at_ = std::min(at_ + 1, sql_.size());
      continue;
    }
    return make(kind, begin, text_begin, stop);
  }
}

Token SqlLexer::number() {
  size_t begin = at_;
  if (peek(0) == '0' && (peek(1) == 'x' || peek(1) == 'b')) {
    bool hex = peek(1) == 'x';
    size_t end = at_ + 2;
    while (end < sql_.size() && (hex ? hex_digit(sql_[end]) >= 0 : sql_[end] == '0' || sql_[end] == '1'))
      ++end;
    if (end > at_ + 2 && (end == sql_.size() || !is_name_byte(sql_[end]))) {
      at_ = end;
      return make(hex ? Token::Kind::Hex : Token::Kind::Bits, begin, begin + 2, end);
    }
  }
  while (is_digit(peek(0))) ++at_;
  // A name may begin with digits.
  if (at_ < sql_.size() && is_name_byte(peek(0))) {
    at_ = begin;
    return word();
  }
  return make(Token::Kind::Number, begin, begin, at_);
}

Token SqlLexer::word() {
  size_t begin = at_;
  while (at_ < sql_.size() && is_name_byte(sql_[at_])) ++at_;
  return make(Token::Kind::Word, begin, begin, at_);
}

Token SqlLexer::next() {
  if (!skip_space()) return make(Token::Kind::Broken, at_, at_, at_);
  size_t begin = at_;
  if (at_ >= sql_.size()) return make(Token::Kind::End, begin, begin, begin);
  char c = peek(0);
  bool ansi = sql_mode_ & kModeAnsiQuotes;
  if (c == '`') return quoted(Token::Kind::Quoted, c, begin);
  if (c == '"') return quoted(ansi ? Token::Kind::Quoted : Token::Kind::Text, c, begin);
  if (c == '\'') return quoted(Token::Kind::Text, c, begin);
  if (is_digit(c)) return number();
  if (peek(1) == '\'' && std::string_view("xXbBnN").find(c) != std::string_view::npos) {
    ++at_;
    Token::Kind kind = lower_ascii(c) == 'x'   ? Token::Kind::Hex
                       : lower_ascii(c) == 'b' ? Token::Kind::Bits
                                               : Token::Kind::Text;
    return quoted(kind, '\'', begin);
  }
  if (is_name_byte(c)) return word();
  ++at_;
  return make(Token::Kind::Symbol, begin, begin, at_);
}

std::string SqlLexer::value(const Token& token) const {
  switch (token.kind) {
    case Token::Kind::Hex: return digits_to_bytes(token.text, 4);
    case Token::Kind::Bits: return digits_to_bytes(token.text, 1);
    case Token::Kind::Quoted:
    case Token::Kind::Text: break;
    default: return std::string(token.text);
  }
  // The quote stands right behind the text.
  char quote = sql_[token.end - 1];
  bool backslash = token.kind == Token::Kind::Text && !(sql_mode_ & kModeNoBackslashEscapes);
  std::string result;
  result.reserve(token.text.size());
  for (size_t i = 0; i < token.text.size(); ++i) {
    char c = token.text[i];
    if (c == quote) {
      ++i;  // doubled
    } else if (c == '\\' && backslash && i + 1 < token.text.size()) {
      c = token.text[++i];
      // \% and \_ keep their backslash: they matter to LIKE alone.
      if (c == '%' || c == '_') result.push_back('\\');
      c = escaped(c);
    }
    result.push_back(c);
  }
  return result;
}

}  // namespace sluice::mysql
