// Catalogue: the shape of every table as of the place in the log that has been read. The source thread alone
// uses it; it follows every table, wanted or not, so that a table can be wanted later.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/table.h"

namespace sluice {

struct Position;

struct TableName {
  std::string database;
  std::string table;
  auto operator<=>(const TableName&) const = default;
};

struct CatalogueChange {
  TableName name;                    // `table` empty: the database itself, or with no name at all the server
  TablePtr table;                    // null: dropped
  std::string default_charset = {};  // of a database; empty: dropped
  // The place in the log from which it holds; null: the one that it is saved with.
  std::shared_ptr<const Position> since = nullptr;
};

class Catalogue {
 public:
  // Null: not known.
  TablePtr find(std::string_view database, std::string_view table) const;
  void put(TablePtr table);
  void drop(std::string_view database, std::string_view table);
  void drop_database(std::string_view database);
  void drop_all();  // tables
  // All pairs at once, as RENAME TABLE a TO b, b TO a wants it.
  void rename(const std::vector<std::pair<TableName, TableName>>& pairs);

  // The character set that a table of this database gets when its CREATE says nothing; empty: not known.
  std::string default_charset(std::string_view database) const;
  void set_default_charset(std::string_view database, std::string charset);  // "" for the server's own

  size_t size() const { return tables_.size(); }
  void for_each(const std::function<void(const TablePtr&)>& visit) const;
  // Grows with every change: a saved copy with the same number is up to date.
  uint64_t version() const { return version_; }
  // What is put, dropped or renamed from now on holds from this place on.
  void stand_at(std::shared_ptr<const Position> place) { place_ = std::move(place); }
  // What was put, dropped or renamed since the last call, step by step: what has to be saved. Clears the
  // list.
  std::vector<CatalogueChange> take_changes();

  // Lower-case names are compared where the server does so (lower_case_table_names 1 and 2).
  void fold_case(bool fold);

 private:
  std::string key(std::string_view database, std::string_view table) const;
  void touch(std::string_view database, std::string_view table, TablePtr now, std::string charset = {});

  std::unordered_map<std::string, TablePtr> tables_;
  std::map<std::string, std::string, std::less<>> default_charsets_;
  std::vector<CatalogueChange> changes_;
  std::shared_ptr<const Position> place_;
  uint64_t version_ = 0;
  bool fold_case_ = false;
};

}  // namespace sluice
