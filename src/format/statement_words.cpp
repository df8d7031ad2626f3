#include "format/statement_words.h"

#include <algorithm>

namespace sluice {
namespace {

bool in_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

void StatementWords::next() {
  skip();
  word_.clear();
  if (rest_.empty()) return;
  if (rest_[0] == '`' || rest_[0] == '"') {
    size_t end = rest_.find(rest_[0], 1);
    rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 1);
    word_ = "``";
    return;
  }
  size_t size = 0;
  while (size < rest_.size() && in_word(rest_[size])) ++size;
  for (char c : rest_.substr(0, std::max<size_t>(size, 1))) {
    word_ += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  rest_.remove_prefix(std::max<size_t>(size, 1));
}

bool StatementWords::is(std::initializer_list<std::string_view> words) const {
  return std::find(words.begin(), words.end(), word_) != words.end();
}

bool StatementWords::take(std::initializer_list<std::string_view> words) {
  if (!is(words)) return false;
  next();
  return true;
}

void StatementWords::drop_through(std::string_view mark) {
  size_t at = rest_.find(mark);
  rest_ = at == rest_.npos ? std::string_view() : rest_.substr(at + mark.size());
}

void StatementWords::skip() {
  while (!rest_.empty()) {
    if (rest_[0] == '#' || rest_.starts_with("--")) {
      drop_through("\n");
    } else if (rest_.starts_with("/*!") || rest_.starts_with("/*M!")) {
      drop_through("!");
      rest_.remove_prefix(std::min(rest_.find_first_not_of("0123456789"), rest_.size()));
    } else if (rest_.starts_with("/*")) {
      drop_through("*/");
    } else if (rest_.starts_with("*/")) {
      rest_.remove_prefix(2);
    } else if (static_cast<unsigned char>(rest_[0]) <= ' ' || rest_[0] == '(') {
      rest_.remove_prefix(1);
    } else {
      return;
    }
  }
}

}  // namespace sluice
