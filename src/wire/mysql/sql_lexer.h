// SqlLexer: SQL text of MySQL or MariaDB to tokens, without copying. Survives every input; reads every byte
// once. Comments are white space, versioned ones (/*!50100 … */, /*M!100100 … */) are code: a server that
// does not run what stands in one writes it to its log as an ordinary comment (MySQL sql/sql_lex.cc, MariaDB
// sql/sql_lex.cc, lex_one_token).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ascii.h"

namespace sluice::mysql {

// Bits of sql_mode as the log carries them (MySQL sql/query_options.h, MariaDB sql/sql_class.h).
constexpr uint64_t kModeRealAsFloat = 1 << 0;
constexpr uint64_t kModeAnsiQuotes = 1 << 2;
constexpr uint64_t kModeOracle = 1 << 9;
constexpr uint64_t kModeMaxDb = 1 << 12;
constexpr uint64_t kModeNoBackslashEscapes = 1 << 20;

struct Token {
  enum class Kind : uint8_t {
    End,
    Word,    // keyword or bare name
    Quoted,  // name in backticks, or in double quotes under ANSI_QUOTES
    Text,    // string literal
    Hex,     // x'4142' or 0x4142: the digits
    Bits,    // b'0101' or 0b0101: the digits
    Number,  // decimal digits
    Symbol,  // any other byte
    Broken,  // a quote or a comment that does not end; the last token
  };
  Kind kind = Kind::End;
  std::string_view text;  // without quotes; escapes are still in it
  size_t begin = 0;       // offset in the statement, and of its end
  size_t end = 0;

  bool is(char symbol) const { return kind == Kind::Symbol && text.front() == symbol; }
  // Keywords only; in upper case.
  bool is(std::string_view word) const;
  bool is_name() const { return kind == Kind::Word || kind == Kind::Quoted; }
};

class SqlLexer {
 public:
  SqlLexer(std::string_view sql, uint64_t sql_mode) : sql_(sql), sql_mode_(sql_mode) {}

  Token next();

  // What a name or a string literal means, escapes resolved; of Hex and Bits, the bytes.
  std::string value(const Token& token) const;

 private:
  bool skip_space();
  bool skip_comment();
  Token word();
  Token number();
  Token quoted(Token::Kind kind, char quote, size_t begin);
  Token make(Token::Kind kind, size_t begin, size_t text_begin, size_t text_end);
  char peek(size_t ahead) const { return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0'; }

  std::string_view sql_;
  uint64_t sql_mode_;
  size_t at_ = 0;
  uint32_t versioned_ = 0;  // versioned comments that are open
};

}  // namespace sluice::mysql
