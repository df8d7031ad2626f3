// SqlReader: the tokens of one statement with a little look-ahead, and the steps that every parser of a part
// of SQL takes. Nothing here recurses: nested parentheses are counted.
#pragma once

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/mysql/sql_lexer.h"

namespace sluice::mysql {

class SqlReader {
 public:
  SqlReader(std::string_view sql, uint64_t sql_mode);

  // The next token, and the ones behind it: ahead < kLookAhead.
  static constexpr size_t kLookAhead = 4;
  const Token& peek(size_t ahead = 0) const { return tokens_[(first_ + ahead) % kLookAhead]; }
  Token take();

  // Take the next token, or all of these words, if they stand there.
  bool accept(char symbol);
  bool accept(std::string_view word);
  bool accept(std::initializer_list<std::string_view> words);
  bool at(std::initializer_list<std::string_view> words) const;
  bool at_any(std::initializer_list<std::string_view> words) const;
  // End of the statement; a broken token ends it too.
  bool at_end() const;
  // A comma, a closing parenthesis or the end.
  bool at_item_end() const { return at_end() || peek().is(',') || peek().is(')'); }

  // From an opening parenthesis to behind its closing one.
  Result<void> skip_group();
  // To the comma, closing parenthesis or end that ends this item of a list.
  Result<void> skip_item();
  void skip_rest();

  Result<std::string> name(std::string_view what);
  Result<uint64_t> integer(std::string_view what);
  std::string value(const Token& token) const { return lexer_.value(token); }
  // The fault for what stands here instead of `expected`.
  Failure unexpected(std::string_view expected) const;

 private:
  std::string_view sql_;
  SqlLexer lexer_;
  std::array<Token, kLookAhead> tokens_;
  size_t first_ = 0;
};

// MariaDB's SET STATEMENT variable = value, … FOR statement: goes on to the statement.
void skip_set_statement(SqlReader& in);

}  // namespace sluice::mysql
