// Lexer: an expression's words and signs, one after the other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::rule {

struct Token {
  enum class Kind : uint8_t {
    End,
    Name,    // a word; keywords are words, too
    Quoted,  // a name in `…`
    Number,  // digits, at most one point, perhaps an exponent
    String,  // what stands in '…', with '' as one quote
    Sign,    // an operator, a bracket, a comma
  };
  Kind kind = Kind::End;
  uint32_t at = 0;   // its first byte
  std::string text;  // of a String and a Quoted without their quotes
};

class Lexer {
 public:
  // `source` outlives this.
  explicit Lexer(std::string_view source) : source_(source) {}

  // End again and again at the end. A Usage fault: no token can begin there, or it does not end.
  Result<Token> next();

 private:
  Result<Token> quoted(Token::Kind kind);
  Token number();

  std::string_view source_;
  size_t at_ = 0;
};

// How a message calls the token.
std::string shown(const Token& token);

}  // namespace sluice::rule
