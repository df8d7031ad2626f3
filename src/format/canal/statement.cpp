#include "format/canal/statement.h"

#include <algorithm>
#include <initializer_list>
#include <string>

namespace sluice::canal {
namespace {

// The words of a statement, in upper case; a quoted name is the word ``, and so is every other character one
// of its own. Comments are passed over, the text inside of version comments (/*!50100 … */) is not.
class Words {
 public:
  explicit Words(std::string_view sql) : rest_(sql) { next(); }

  const std::string& word() const { return word_; }
  void next() {
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
  bool is(std::initializer_list<std::string_view> words) const {
    return std::find(words.begin(), words.end(), word_) != words.end();
  }
  bool take(std::initializer_list<std::string_view> words) {
    if (!is(words)) return false;
    next();
    return true;
  }

 private:
  static bool in_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || static_cast<unsigned char>(c) >= 0x80;
  }

  void drop_through(std::string_view mark) {
    size_t at = rest_.find(mark);
    rest_ = at == rest_.npos ? std::string_view() : rest_.substr(at + mark.size());
  }

  void skip() {
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

  std::string_view rest_;
  std::string word_;
};

// Behind ALTER … TABLE.
EventType type_of_alter(Words& words) {
  if (words.take({"IF"})) words.next();  // EXISTS
  words.next();
  if (words.take({"."})) words.next();
  if (words.take({"WAIT"})) words.next();
  words.take({"NOWAIT"});
  if (words.take({"RENAME"})) {
    return words.is({"INDEX", "KEY", "COLUMN"}) ? EventType::Alter : EventType::Rename;
  }
  if (words.take({"DROP"})) return words.is({"INDEX", "KEY"}) ? EventType::DropIndex : EventType::Alter;
  if (!words.take({"ADD"})) return EventType::Alter;
  if (words.take({"CONSTRAINT"}) && !words.is({"UNIQUE", "PRIMARY", "FOREIGN", "CHECK"})) words.next();
  return words.is({"INDEX", "KEY", "UNIQUE", "FULLTEXT", "SPATIAL"}) ? EventType::CreateIndex
                                                                     : EventType::Alter;
}

}  // namespace

std::string_view name_of(EventType type) {
  switch (type) {
    case EventType::Insert: return "INSERT";
    case EventType::Update: return "UPDATE";
    case EventType::Delete: return "DELETE";
    case EventType::Create: return "CREATE";
    case EventType::Alter: return "ALTER";
    case EventType::Erase: return "ERASE";
    case EventType::Query: return "QUERY";
    case EventType::Truncate: return "TRUNCATE";
    case EventType::Rename: return "RENAME";
    case EventType::CreateIndex: return "CINDEX";
    case EventType::DropIndex: return "DINDEX";
  }
  return "QUERY";
}

EventType type_of_statement(std::string_view sql) {
  Words words(sql);
  std::string verb = words.word();
  words.next();
  if (verb == "TRUNCATE") return EventType::Truncate;
  while (words.take(
      {"OR", "REPLACE", "TEMPORARY", "UNIQUE", "FULLTEXT", "SPATIAL", "ONLINE", "OFFLINE", "IGNORE"})) {}
  bool table = words.is({"TABLE", "TABLES"}), index = words.is({"INDEX"});
  words.next();
  if (verb == "CREATE" && table) return EventType::Create;
  if (verb == "CREATE" && index) return EventType::CreateIndex;
  if (verb == "DROP" && table) return EventType::Erase;
  if (verb == "DROP" && index) return EventType::DropIndex;
  if (verb == "RENAME" && table) return EventType::Rename;
  if (verb == "ALTER" && table) return type_of_alter(words);
  return EventType::Query;
}

}  // namespace sluice::canal
