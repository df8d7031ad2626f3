#include "wire/mysql/unique_keys.h"

#include <fmt/core.h>

#include <algorithm>

#include "wire/mysql/ddl_table.h"

namespace sluice::mysql {
namespace {

bool has_name(const Table& table, std::string_view name) {
  return std::any_of(table.unique.begin(), table.unique.end(),
                     [&](const UniqueKey& key) { return same_word(key.name, name); });
}

// MySQL and MariaDB sql/sql_table.cc, make_unique_key_name: after the first column, numbered where that is
// taken. The primary key's name is always taken.
std::string name_of(const Table& table, const UniqueDraft& draft) {
  if (!draft.name.empty()) return draft.name;
  if (draft.parts.empty()) return "functional_index";
  size_t ordinal = find_column(table.columns, draft.parts.front().column);
  const std::string base =
      ordinal < table.columns.size() ? table.columns[ordinal].name : draft.parts.front().column;
  std::string name = base;
  for (size_t i = 2; has_name(table, name) || same_word(name, "PRIMARY"); ++i) {
    name = fmt::format("{}_{}", base, i);
  }
  return name;
}

// A prefix as long as the column is none.
bool is_whole(const Column& column, uint64_t prefix) {
  bool sized = column.type >= ColumnType::Char && column.type <= ColumnType::VarBinary && column.length > 0;
  return prefix == 0 || (sized && prefix >= column.length);
}

}  // namespace

Result<UniqueDraft> read_unique(SqlReader& in, UniqueDraft draft) {
  if (!in.accept("INDEX")) in.accept("KEY");
  draft.if_not_exists |= in.accept({"IF", "NOT", "EXISTS"});
  if (in.peek().is_name() && !in.at_any({"USING", "TYPE"})) draft.name = in.value(in.take());
  while (!in.at_item_end() && !in.peek().is('(')) in.take();  // USING BTREE
  if (!in.accept('(')) return draft;
  do {
    if (draft.parts.size() == kMostColumns) return fatal("more than {} columns in a key", kMostColumns);
    if (in.peek().is_name()) {
      UniqueDraft::Part part{in.value(in.take())};
      if (in.accept('(')) {
        SLUICE_ASSIGN(prefix, in.integer("the length of a prefix"));
        if (!in.accept(')')) return in.unexpected("a closing parenthesis");
        part.prefix = prefix;
      }
      draft.parts.push_back(std::move(part));
    } else {
      draft.has_expression = true;
    }
    SLUICE_TRY(in.skip_item());  // ASC, DESC
  } while (in.accept(','));
  if (!in.accept(')')) return in.unexpected("a closing parenthesis");
  SLUICE_TRY(in.skip_item());
  return draft;
}

bool has_unique(const Table& table, const UniqueDraft& draft) {
  return has_name(table,
                  draft.name.empty() && !draft.parts.empty() ? draft.parts.front().column : draft.name);
}

void add_unique(Table& table, const UniqueDraft& draft) {
  if (draft.parts.empty() && !draft.has_expression) return;
  if (draft.if_not_exists && has_unique(table, draft)) return;
  UniqueKey key{.name = name_of(table, draft), .columns = {}, .partial = draft.has_expression};
  for (const UniqueDraft::Part& part : draft.parts) {
    size_t ordinal = find_column(table.columns, part.column);
    if (ordinal < table.columns.size() && is_whole(table.columns[ordinal], part.prefix)) {
      key.columns.push_back(static_cast<uint32_t>(ordinal));
    } else {
      key.partial = true;
    }
  }
  table.unique.push_back(std::move(key));
}

void drop_index(Table& table, std::string_view name) {
  if (same_word(name, "PRIMARY") && !table.stands_in) table.key.clear();
  std::erase_if(table.unique, [&](const UniqueKey& key) { return same_word(key.name, name); });
}

void rename_index(Table& table, std::string_view from, std::string to) {
  for (UniqueKey& key : table.unique) {
    if (!same_word(key.name, from)) continue;
    key.name = std::move(to);
    return;
  }
}

}  // namespace sluice::mysql
