#include "wire/mysql/sql_reader.h"

#include <charconv>

namespace sluice::mysql {
namespace {

constexpr size_t kShownBytes = 40;

// At most kShownBytes of the text, not cut inside a character of UTF-8.
std::string_view shorten(std::string_view text) {
  if (text.size() <= kShownBytes) return text;
  size_t end = kShownBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace

SqlReader::SqlReader(std::string_view sql, uint64_t sql_mode) : sql_(sql), lexer_(sql, sql_mode) {
  for (Token& token : tokens_) token = lexer_.next();
}

Token SqlReader::take() {
  Token token = peek();
  if (at_end()) return token;
  tokens_[first_] = lexer_.next();
  first_ = (first_ + 1) % kLookAhead;
  return token;
}

bool SqlReader::at_end() const {
  const Token& token = peek();
  return token.kind == Token::Kind::End || token.kind == Token::Kind::Broken ||
         (token.is(';') && peek(1).kind == Token::Kind::End);
}

bool SqlReader::accept(char symbol) {
  if (!peek().is(symbol)) return false;
  take();
  return true;
}

bool SqlReader::accept(std::string_view word) {
  if (!peek().is(word)) return false;
  take();
  return true;
}

bool SqlReader::at(std::initializer_list<std::string_view> words) const {
  size_t ahead = 0;
  for (std::string_view word : words) {
    if (!peek(ahead++).is(word)) return false;
  }
  return true;
}

bool SqlReader::at_any(std::initializer_list<std::string_view> words) const {
  for (std::string_view word : words) {
    if (peek().is(word)) return true;
  }
  return false;
}

bool SqlReader::accept(std::initializer_list<std::string_view> words) {
  if (!at(words)) return false;
  for (size_t i = 0; i < words.size(); ++i) take();
  return true;
}

Result<void> SqlReader::skip_group() {
  size_t depth = 0;
  do {
    if (at_end()) return unexpected("a closing parenthesis");
    Token token = take();
    if (token.is('(')) ++depth;
    if (token.is(')')) --depth;
  } while (depth > 0);
  return {};
}

Result<void> SqlReader::skip_item() {
  while (!at_item_end()) {
    if (peek().is('(')) {
      SLUICE_TRY(skip_group());
    } else {
      take();
    }
  }
  return {};
}

void SqlReader::skip_rest() {
  while (!at_end()) take();
}

Result<std::string> SqlReader::name(std::string_view what) {
  if (!peek().is_name()) return unexpected(what);
  return value(take());
}

Result<uint64_t> SqlReader::integer(std::string_view what) {
  if (peek().kind != Token::Kind::Number) return unexpected(what);
  Token token = take();
  uint64_t number = 0;
  auto [end, error] = std::from_chars(token.text.begin(), token.text.end(), number);
  if (error != std::errc()) return fatal("the number {} is too large", shorten(token.text));
  return number;
}

Failure SqlReader::unexpected(std::string_view expected) const {
  const Token& token = peek();
  if (token.kind == Token::Kind::Broken) return fatal("a quote or a comment does not end");
  if (token.kind == Token::Kind::End) return fatal("the statement ends where {} was expected", expected);
  return fatal("expected {} at '{}'", expected, shorten(sql_.substr(token.begin)));
}

void skip_set_statement(SqlReader& in) {
  if (!in.accept({"SET", "STATEMENT"})) return;
  while (!in.at_end() && !in.peek().is("FOR")) {
    if (!in.peek().is('(')) {
      in.take();
    } else if (!in.skip_group()) {
      return;
    }
  }
  in.accept("FOR");
}

}  // namespace sluice::mysql
