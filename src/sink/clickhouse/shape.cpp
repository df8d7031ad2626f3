#include "sink/clickhouse/shape.h"

#include <algorithm>

#include "sink/clickhouse/column_type.h"

namespace sluice::clickhouse {

// A quoted name holds neither line feeds nor an unescaped backtick, and a type no line feeds: so a line is
// NAME SPACE TYPE, and that of the key begins with a space.
Shape Shape::of(const Table& table, const RowOptions& options) {
  Shape made;
  for (uint32_t i = 0; i < table.columns.size(); ++i) {
    bool in_key = std::find(table.key.begin(), table.key.end(), i) != table.key.end();
    const Column& column = table.columns[i];
    made.columns.push_back({quoted_name(column.name), form_of(column, in_key, options).type});
  }
  made.columns.push_back({quoted_name(options.version_column), "UInt64"});
  made.columns.push_back({quoted_name(options.deleted_column), "UInt8"});
  for (uint32_t ordinal : table.key) made.key.push_back(made.columns[ordinal].name);
  return made;
}

std::string Shape::text() const {
  std::string made;
  for (const Part& part : columns) made += part.name + ' ' + part.type + '\n';
  for (const std::string& name : key) made += ' ' + name + '\n';
  return made;
}

Shape Shape::parse(std::string_view text) {
  Shape made;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.starts_with(' ')) {
      made.key.emplace_back(line.substr(1));
      continue;
    }
    size_t end = 1;
    while (end < line.size() && line[end] != '`') end += line[end] == '\\' ? 2 : 1;
    if (end + 2 > line.size()) continue;  // none of text()'s
    made.columns.push_back({std::string(line.substr(0, end + 1)), std::string(line.substr(end + 2))});
  }
  return made;
}

const Shape::Part* Shape::find(std::string_view name) const {
  auto found =
      std::find_if(columns.begin(), columns.end(), [&](const Part& part) { return part.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

std::string Shape::names() const {
  std::string made;
  for (const Part& part : columns) made += (made.empty() ? "" : ", ") + part.name;
  return made;
}

std::vector<std::vector<std::string>> parse_tsv(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  bool begins = true;
  for (size_t at = 0; at < text.size(); ++at) {
    if (begins) rows.push_back({""});
    begins = false;
    char c = text[at];
    if (c == '\n') {
      begins = true;
    } else if (c == '\t') {
      rows.back().emplace_back();
    } else if (c == '\\' && at + 1 < text.size()) {
      c = text[++at];
      rows.back().back() += c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c == '0' ? '\0' : c;
    } else {
      rows.back().back() += c;
    }
  }
  return rows;
}

}  // namespace sluice::clickhouse
