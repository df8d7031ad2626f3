#include "wire/mysql/table_uses.h"

#include "base/cursor.h"
#include "base/log.h"
#include "wire/mysql/decoder.h"
#include "wire/mysql/row_hash.h"

namespace sluice::mysql {
namespace {

// Ids that the log has not used for long are of no use, but nothing says which; beyond so many all are
// forgotten, which costs a fresh look at each next map. A table of ten columns takes about 4 KB here, and a
// server whose table cache is too small for its tables gives a new id at each opening.
constexpr size_t kMostUses = 4'000;
// Within one statement, each table has one map.
constexpr size_t kMostUsesOfStatement = 100'000;

}  // namespace

const TableUse* TableUses::find(uint64_t id) {
  if (id == last_id_) return last_;
  auto found = uses_.find(id);
  if (found == uses_.end()) return nullptr;
  last_id_ = id;
  return last_ = found->second.get();
}

void TableUses::forget_many() {
  if (uses_.size() >= kMostUses) clear();
}

void TableUses::clear() {
  uses_.clear();
  last_id_ = ~uint64_t{0};
  last_ = nullptr;
}

Result<void> TableUses::map(std::string_view body, Flavor flavor) {
  uint64_t id = Cursor(body).u48();
  if (const TableUse* use = find(id)) {
    if (use->map_bytes == body && (use->self_described || use->catalogue_version == catalogue_.version()))
      return {};
  }
  if (uses_.size() >= kMostUsesOfStatement)
    return fatal("a single statement maps more than {} tables", kMostUsesOfStatement);
  auto use = std::make_unique<TableUse>();
  SLUICE_TRY(resolve(body, flavor, *use));
  last_id_ = id;
  last_ = use.get();
  uses_[id] = std::move(use);
  return {};
}

Result<void> TableUses::resolve(std::string_view body, Flavor flavor, TableUse& use) {
  SLUICE_ASSIGN(map, read_table_map(body, flavor));
  use.map_bytes = body;
  use.self_described = map.has_names;
  use.wanted = selection_.wants(map.database, map.table);
  if (!use.wanted) {
    use.catalogue_version = catalogue_.version();
    return {};
  }
  SLUICE_ASSIGN(table, table_for(map, flavor));
  SLUICE_ASSIGN(plan, RowPlan::make(map, *table));
  use.table = std::move(table);
  use.plan = std::move(plan);
  use.catalogue_version = catalogue_.version();
  return {};
}

// In this order: the log itself, the catalogue, the server. Names are never guessed by position.
Result<TablePtr> TableUses::table_for(const TableMap& map, Flavor flavor) {
  // Only MariaDB has hidden columns, and only where names are not in the log do they need to be known before.
  auto complete = [&](TablePtr table) {
    if (!table || map.has_names || flavor != Flavor::MariaDb) return table;
    auto completed = with_row_hashes(map, *table);
    if (!completed) return table;
    log::warning(
        "{}.{}: the log has {} columns, the known table has {}; taking the last ones for the hidden columns "
        "of a UNIQUE key (DB_ROW_HASH_1, …)",
        map.database, map.table, map.columns.size(), table->columns.size());
    return freeze(std::move(*completed));
  };
  // Where a server can be asked, its word comes before that conclusion.
  TablePtr known = catalogue_.find(map.database, map.table);
  if (!oracle_) known = complete(std::move(known));
  std::optional<std::string> clash;
  if (known) clash = contradiction(map, *known);
  if (known && !clash) {
    Table merged = merge(map, *known);
    return freeze(std::move(merged));
  }
  if (map.has_names) {
    if (clash) log::info("{}.{}: {}; taking the log's word", map.database, map.table, *clash);
    TablePtr table = freeze(table_of(map));
    catalogue_.put(table);
    return table;
  }
  if (oracle_) {
    SLUICE_ASSIGN(found, oracle_->learn(map.database, map.table));
    TablePtr learnt = complete(std::move(found));
    if (learnt && !(clash = contradiction(map, *learnt))) {
      log::info("{}.{}: learnt its columns from the server", map.database, map.table);
      catalogue_.put(learnt);
      return freeze(merge(map, *learnt));
    }
    return fatal(
        "the columns of {}.{} at this place of the log are not known: {}. Set binlog_row_metadata=FULL on "
        "the server so that "
        "the log names them from now on, or leave this table out",
        map.database, map.table, clash ? *clash : "the server no longer has the table");
  }
  log::warning(
      "{}.{}: {}; its columns are shown as @1, @2, … (give --schema or --schema-from for their names)",
      map.database, map.table, clash ? *clash : "the log does not name its columns");
  return freeze(table_of(map));
}

}  // namespace sluice::mysql
