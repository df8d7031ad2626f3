#include "model/catalogue.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace sluice {

std::string Catalogue::key(std::string_view database, std::string_view table) const {
  std::string text;
  text.reserve(database.size() + table.size() + 1);
  text.append(database).push_back('\0');
  text.append(table);
  // The servers fold with the system's collation; letters beyond ASCII in names of tables under
  // lower_case_table_names=1 are rare enough to be left as they are written in the log.
  return fold_case_ ? lower_ascii(text) : text;
}

void Catalogue::touch(std::string_view database, std::string_view table, TablePtr now, std::string charset) {
  changes_.push_back(
      {{std::string(database), std::string(table)}, std::move(now), std::move(charset), place_});
  ++version_;
}

TablePtr Catalogue::find(std::string_view database, std::string_view table) const {
  auto found = tables_.find(key(database, table));
  return found == tables_.end() ? nullptr : found->second;
}

void Catalogue::put(TablePtr table) {
  TablePtr& place = tables_[key(table->database, table->name)];
  bool respelt = place && (place->database != table->database || place->name != table->name);
  // It may be saved under that name.
  if (respelt) touch(place->database, place->name, nullptr);
  touch(table->database, table->name, table);
  place = std::move(table);
}

void Catalogue::drop(std::string_view database, std::string_view table) {
  auto found = tables_.find(key(database, table));
  if (found == tables_.end()) return;
  // As it is spelt there: it may be saved under that name.
  touch(found->second->database, found->second->name, nullptr);
  tables_.erase(found);
}

void Catalogue::drop_database(std::string_view database) {
  std::string prefix = key(database, "");
  for (auto it = tables_.begin(); it != tables_.end();) {
    if (it->first.starts_with(prefix)) {
      touch(it->second->database, it->second->name, nullptr);
      it = tables_.erase(it);
    } else {
      ++it;
    }
  }
  if (default_charsets_.erase(std::string(database)) > 0) touch(database, "", nullptr);
}

void Catalogue::drop_all() {
  for (const auto& entry : tables_) touch(entry.second->database, entry.second->name, nullptr);
  tables_.clear();
}

void Catalogue::rename(const std::vector<std::pair<TableName, TableName>>& pairs) {
  // RENAME TABLE goes from left to right: a TO tmp, b TO a, tmp TO b swaps a and b.
  for (const auto& [from, to] : pairs) {
    auto found = tables_.find(key(from.database, from.table));
    if (found == tables_.end()) continue;
    Table renamed = *found->second;
    drop(from.database, from.table);
    renamed.database = to.database;
    renamed.name = to.table;
    put(freeze(std::move(renamed)));
  }
}

std::string Catalogue::default_charset(std::string_view database) const {
  auto found = default_charsets_.find(database);
  if (found == default_charsets_.end() && !database.empty()) found = default_charsets_.find("");
  return found == default_charsets_.end() ? std::string() : found->second;
}

void Catalogue::set_default_charset(std::string_view database, std::string charset) {
  touch(database, "", nullptr, charset);
  default_charsets_[std::string(database)] = std::move(charset);
}

void Catalogue::fold_case(bool fold) {
  if (fold == fold_case_) return;
  fold_case_ = fold;
  auto before = std::exchange(tables_, {});
  for (auto& entry : before) tables_[key(entry.second->database, entry.second->name)] = entry.second;
}

void Catalogue::for_each(const std::function<void(const TablePtr&)>& visit) const {
  for (const auto& entry : tables_) visit(entry.second);
}

std::vector<CatalogueChange> Catalogue::take_changes() { return std::exchange(changes_, {}); }

}  // namespace sluice
