#include "app/canal_rules.h"

#include <algorithm>

namespace sluice::app {
namespace {

// The characters by which canal tells a regular expression from a name (MQMessageUtils).
constexpr std::string_view kWild = "*?+|(){}[]\\$^";

bool is_regex(std::string_view item) { return item.find_first_of(kWild) != item.npos; }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  size_t begin = text.find_first_not_of(kSpace);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

// A properties file doubles each backslash: both ways are taken, as no name has one.
std::string without_doubled_backslashes(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    plain += text[i];
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '\\') ++i;
  }
  return plain;
}

// Splits at any of `marks` outside of brackets. Empty items are left out, as canal does.
Result<std::vector<std::string>> items_of(std::string_view text, std::string_view marks) {
  std::vector<std::string> items;
  std::string item, open;
  auto flush = [&] {
    if (std::string_view content = trimmed(item); !content.empty()) items.emplace_back(content);
    item.clear();
  };
  std::string plain = without_doubled_backslashes(text);
  for (size_t i = 0; i < plain.size(); ++i) {
    char c = plain[i];
    if (c == '\\') {
      item += c;
      if (++i < plain.size()) item += plain[i];
      continue;
    }
    bool in_class = !open.empty() && open.back() == ']';
    if (!in_class && (c == '(' || c == '[' || c == '{')) open += c == '(' ? ')' : c == '[' ? ']' : '}';
    if (!open.empty() && c == open.back()) open.pop_back();
    if (open.empty() && marks.find(c) != marks.npos) {
      flush();
    } else {
      item += c;
    }
  }
  flush();
  if (!open.empty()) return usage("'{}': a bracket is not closed; '{}' is missing", text, open.back());
  return items;
}

// As canal's AviaterRegexFilter matches: the whole name, in any case.
std::string pattern_of(std::string_view regex) { return "/(?is:" + std::string(regex) + ")/"; }

std::string quoted(std::string_view name) {
  std::string regex;
  for (char c : name) {
    bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
                 static_cast<unsigned char>(c) >= 0x80;
    if (!plain) regex += '\\';
    regex += c;
  }
  return regex;
}

// Says why, by the expression as it was written. Java knows some that RE2 does not: what looks ahead or back.
Failure no_regex(const std::string& item) {
  auto plain = Selection::parse(std::vector{"/" + item + "/"});
  std::string why = plain ? std::string() : plain.error().what;
  constexpr std::string_view kMark = "expression: ";
  if (size_t at = why.find(kMark); at != why.npos) why.erase(0, at + kMark.size());
  return usage("'{}' is no regular expression that Sluice can match: {}", item, why);
}

Result<std::vector<std::string>> patterns_of(std::string_view list) {
  SLUICE_ASSIGN(items, items_of(list, ","));
  std::vector<std::string> patterns;
  for (const std::string& item : items) {
    std::string pattern = pattern_of(item);
    if (!Selection::parse(std::vector{pattern})) return no_regex(item);
    patterns.push_back(std::move(pattern));
  }
  return patterns;
}

// `shop.users:name/email` of a list of such.
struct Fields {
  std::string table;  // as a regular expression
  std::vector<std::string> columns;
};

Result<std::vector<Fields>> fields_of(std::string_view list) {
  SLUICE_ASSIGN(items, items_of(list, ","));
  std::vector<Fields> all;
  for (const std::string& item : items) {
    size_t colon = item.find(':');
    std::string_view table = trimmed(std::string_view(item).substr(0, colon));
    size_t dot = table.find('.');
    if (colon == item.npos || dot == table.npos || dot == 0 || dot + 1 == table.size()) {
      return usage("'{}': expected database.table:column/column", item);
    }
    if (is_regex(table)) {
      return usage("'{}': '{}' must be the name of one table; canal has no patterns here", item, table);
    }
    Fields fields{quoted(table), {}};
    for (std::string_view rest = std::string_view(item).substr(colon + 1); !rest.empty();) {
      size_t end = std::min(rest.find('/'), rest.size());
      std::string_view column = trimmed(rest.substr(0, end));
      if (column.empty()) return usage("'{}': a column has no name", item);
      fields.columns.push_back(quoted(column));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (fields.columns.empty()) return usage("'{}': expected the columns behind the colon", item);
    all.push_back(std::move(fields));
  }
  return all;
}

// A name in any case, or a regular expression: over `database.table`, or over the database alone.
Result<std::shared_ptr<const Selection>> selection_of(const std::string& item, bool database) {
  std::string regex = is_regex(item) ? item : quoted(item);
  std::string pattern = pattern_of(regex);
  if (database) pattern += "./(?s:.*)/";
  auto parsed = Selection::parse(std::vector{pattern});
  if (!parsed) return no_regex(item);
  return std::make_shared<const Selection>(std::move(*parsed));
}

// canal compares a regular expression that holds `\.` with database.table, and any other one with the
// database; a name is compared with both, so the one with a dot fits a table.
bool is_of_table(const std::string& item) {
  return is_regex(item) ? item.find("\\.") != item.npos : item.find('.') != item.npos;
}

std::string literal(std::string_view text) {
  std::string made;
  for (char c : text) {
    made += c;
    if (c == '{' || c == '}') made += c;
  }
  return made;
}

Result<Spread> spread_of(const std::string& item, std::string_view columns, bool has_columns) {
  Spread spread{.by = Spread::By::Canal};
  if (!has_columns) return spread;
  columns = trimmed(columns);
  if (columns == "$pk$") {
    spread.primary_key = true;
    return spread;
  }
  while (true) {
    size_t end = std::min(columns.find('^'), columns.size());
    std::string_view column = trimmed(columns.substr(0, end));
    if (column.empty()) {
      return usage("'{}': expected columns with ^ between them, or $pk$, behind the colon", item);
    }
    SLUICE_ASSIGN(parsed, Template::parse("{column:" + std::string(column) + "}"));
    spread.columns.push_back(std::move(parsed));
    if (end == columns.size()) return spread;
    columns.remove_prefix(end + 1);
  }
}

}  // namespace

Result<std::vector<std::string>> canal_tables(std::string_view white, std::string_view black) {
  SLUICE_ASSIGN(patterns, patterns_of(white));
  SLUICE_ASSIGN(without, patterns_of(black));
  for (const std::string& pattern : without) patterns.push_back("!" + pattern);
  return patterns;
}

Result<std::vector<std::string>> canal_columns(std::string_view white, std::string_view black) {
  SLUICE_ASSIGN(with, fields_of(white));
  SLUICE_ASSIGN(without, fields_of(black));
  // What no list speaks of is there.
  std::vector<std::string> patterns;
  if (!with.empty() || !without.empty()) patterns.emplace_back("*");
  auto add = [&](std::string_view mark, const std::string& table, const std::string& column) {
    patterns.push_back(std::string(mark) + pattern_of(table + "\\." + column));
  };
  for (const Fields& fields : without) {
    for (const std::string& column : fields.columns) add("!", fields.table, column);
  }
  for (const Fields& fields : with) {
    add("!", fields.table, ".*");
    for (const std::string& column : fields.columns) add("", fields.table, column);
  }
  return patterns;
}

Result<std::vector<CanalTopic>> canal_topics(std::string_view lines) {
  SLUICE_ASSIGN(items, items_of(lines, ",;"));
  // canal looks through all items for the table first, and then for its database.
  std::vector<CanalTopic> tables, databases;
  for (const std::string& item : items) {
    size_t colon = item.find(':');
    bool named = colon != item.npos;
    std::string topic(trimmed(named ? std::string_view(item).substr(0, colon) : std::string_view()));
    std::string pattern(trimmed(named ? std::string_view(item).substr(colon + 1) : std::string_view(item)));
    if ((named && topic.empty()) || pattern.empty()) {
      return usage("'{}': expected topic:pattern, or a pattern over database.table or the database", item);
    }
    bool of_table = is_of_table(pattern);
    SLUICE_ASSIGN(selection, selection_of(pattern, !of_table));
    SLUICE_ASSIGN(made, Template::parse(named      ? literal(topic)
                                        : of_table ? "{lower:database}_{lower:table}"
                                                   : "{lower:database}"));
    (of_table ? tables : databases).push_back({std::move(selection), std::move(made)});
  }
  std::move(databases.begin(), databases.end(), std::back_inserter(tables));
  return tables;
}

Result<std::vector<CanalPartition>> canal_partitions(std::string_view lines, bool with_database,
                                                     int32_t partitions) {
  SLUICE_ASSIGN(items, items_of(lines, ",;"));
  std::vector<CanalPartition> all;
  for (const std::string& item : items) {
    size_t colon = item.find(':');
    bool has_columns = colon != item.npos;
    std::string pattern(trimmed(std::string_view(item).substr(0, colon)));
    if (pattern.empty()) {
      return usage("'{}': expected pattern:column^column, pattern:$pk$ or a pattern over database.table",
                   item);
    }
    SLUICE_ASSIGN(selection, selection_of(pattern, false));
    std::string_view columns = has_columns ? std::string_view(item).substr(colon + 1) : std::string_view();
    SLUICE_ASSIGN(spread, spread_of(item, columns, has_columns));
    spread.with_database = with_database;
    spread.partitions = partitions;
    all.push_back({std::move(selection), std::move(spread)});
  }
  return all;
}

}  // namespace sluice::app
