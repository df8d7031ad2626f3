#include "format/debezium/key_columns.h"

#include <algorithm>

namespace sluice::debezium {
namespace {

std::string_view trimmed(std::string_view text) {
  size_t begin = text.find_first_not_of(' ');
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

// What stands before the next `mark`; it and the mark are taken off `rest`.
std::string_view take(std::string_view& rest, char mark) {
  size_t end = rest.find(mark);
  std::string_view part = trimmed(rest.substr(0, end));
  rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
  return part;
}

}  // namespace

Result<KeyColumns> KeyColumns::parse(std::string_view text) {
  KeyColumns keys;
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view item = take(rest, ';');
    if (item.empty()) continue;  // behind the last semicolon
    size_t colon = item.rfind(':');
    std::string_view table = trimmed(item.substr(0, colon));
    std::string_view columns = colon == item.npos ? std::string_view() : item.substr(colon + 1);
    if (table.empty() || trimmed(columns).empty()) {
      return usage("'{}': expected database.table:column,column, a regular expression before the colon",
                   item);
    }
    while (!columns.empty()) {
      std::string_view column = take(columns, ',');
      if (column.empty()) return usage("'{}': a column's name is missing", item);
      auto parsed = Selection::parse(std::vector{fmt::format("/(?is:{})/./(?is:{})/", table, column)});
      if (!parsed) return usage("'{}': no regular expression that Sluice can match", item);
      keys.columns_.push_back(std::move(*parsed));
    }
  }
  if (keys.columns_.empty()) return usage("'{}': expected database.table:column,column", text);
  return keys;
}

std::vector<uint32_t> KeyColumns::of(const Table& table) const {
  std::vector<uint32_t> key;
  std::string name = full_name(table);
  for (const Selection& each : columns_) {
    for (uint32_t i = 0; i < table.columns.size(); ++i) {
      bool there = std::find(key.begin(), key.end(), i) != key.end();
      if (!there && each.wants(name, table.columns[i].name)) key.push_back(i);
    }
  }
  return key.empty() ? table.key : key;
}

}  // namespace sluice::debezium
