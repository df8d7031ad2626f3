// StatementWords: a statement word by word, for formats that tell schema changes apart by how they begin.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace sluice {

// The words of a statement, in upper case; a quoted name is the word ``, and so is every other character one
// of its own. Comments are passed over, the text inside of version comments (/*!50100 … */) is not.
class StatementWords {
 public:
  explicit StatementWords(std::string_view sql) : rest_(sql) { next(); }

  const std::string& word() const { return word_; }  // empty: there are no more
  void next();
  bool is(std::initializer_list<std::string_view> words) const;
  bool take(std::initializer_list<std::string_view> words);

 private:
  void drop_through(std::string_view mark);
  void skip();

  std::string_view rest_;
  std::string word_;
};

}  // namespace sluice
