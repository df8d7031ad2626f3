#include "rule/lexer.h"

#include <algorithm>

#include "rule/fault.h"

namespace sluice::rule {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}
bool continues_name(char c) { return begins_name(c) || is_digit(c) || c == '$'; }

constexpr std::string_view kSigns[] = {"<=>", "<=", ">=", "<>", "!=", "=", "<", ">", "+",
                                       "-",   "*",  "/",  "%",  "(",  ")", ",", "."};

}  // namespace

std::string shown(const Token& token) {
  constexpr size_t kMost = 40;
  if (token.kind == Token::Kind::End) return "the end";
  std::string text = token.text.size() > kMost ? token.text.substr(0, kMost) + "…" : token.text;
  if (token.kind == Token::Kind::String) return fmt::format("the text '{}'", text);
  return fmt::format("'{}'", text);
}

Result<Token> Lexer::next() {
  constexpr std::string_view kSpace = " \t\r\n";
  at_ = std::min(source_.find_first_not_of(kSpace, at_), source_.size());
  Token token{.at = static_cast<uint32_t>(at_), .text = {}};
  if (at_ == source_.size()) return token;
  char c = source_[at_];
  if (c == '\'') return quoted(Token::Kind::String);
  if (c == '`') return quoted(Token::Kind::Quoted);
  if (c == '"') return fault_at(source_, at_, "text stands in '…' and a name in `…`, not in \"…\"");
  if (begins_name(c)) {
    token.kind = Token::Kind::Name;
    while (at_ < source_.size() && continues_name(source_[at_])) token.text += source_[at_++];
    return token;
  }
  bool point = c == '.' && at_ + 1 < source_.size() && is_digit(source_[at_ + 1]);
  if (is_digit(c) || point) return number();
  for (std::string_view sign : kSigns) {
    if (source_.substr(at_, sign.size()) != sign) continue;
    at_ += sign.size();
    token.kind = Token::Kind::Sign;
    token.text = sign;
    return token;
  }
  return fault_at(source_, at_, "no name, number, text or operator begins with this character");
}

Result<Token> Lexer::quoted(Token::Kind kind) {
  Token token{.kind = kind, .at = static_cast<uint32_t>(at_), .text = {}};
  char quote = source_[at_];
  for (size_t i = at_ + 1; i < source_.size(); ++i) {
    if (source_[i] != quote) {
      token.text += source_[i];
    } else if (i + 1 < source_.size() && source_[i + 1] == quote) {
      token.text += source_[++i];
    } else {
      at_ = i + 1;
      return token;
    }
  }
  return fault_at(source_, at_, fmt::format("the {} that closes this is missing", quote));
}

// A point or an exponent without digits behind it is left to the parser, which will not expect it.
Token Lexer::number() {
  size_t end = at_;
  auto digits = [&] {
    while (end < source_.size() && is_digit(source_[end])) ++end;
  };
  digits();
  if (end < source_.size() && source_[end] == '.') {
    ++end;
    digits();
  }
  if (end < source_.size() && (source_[end] | 32) == 'e') {
    size_t digit = end + 1;
    if (digit < source_.size() && (source_[digit] == '+' || source_[digit] == '-')) ++digit;
    if (digit < source_.size() && is_digit(source_[digit])) {
      end = digit;
      digits();
    }
  }
  Token token{.kind = Token::Kind::Number, .at = static_cast<uint32_t>(at_), .text = {}};
  token.text = source_.substr(at_, end - at_);
  at_ = end;
  return token;
}

}  // namespace sluice::rule
