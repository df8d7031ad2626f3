#include "wire/mysql/table_uses.h"

#include "base/cursor.h"
#include "base/log.h"
#include "wire/mysql/decoder.h"
#include "wire/mysql/helper_tables.h"
#include "wire/mysql/row_hash.h"
#include "wire/mysql/set_aside.h"

namespace sluice::mysql {
namespace {

// Ids that the log has not used for long are of no use, but nothing says which; beyond so many all are
// forgotten, which costs a fresh look at each next map. A table of ten columns takes about 4 KB here, and a
// server whose table cache is too small for its tables gives a new id at each opening.
constexpr size_t kMostUses = 4'000;
// Within one statement, each table has one map.
constexpr size_t kMostUsesOfStatement = 100'000;
// Names that are remembered so as to be told of once.
constexpr size_t kMostHelpersTold = 1'000;

bool contradicts(const TableMap& map, const Table& table, std::string& why) {
  std::optional<std::string> clash = contradiction(map, table);
  if (clash) why = "as the server has it now, " + *clash;
  return clash.has_value();
}

// Only MariaDB has hidden columns, and only where names are not in the log do they need to be known before.
// Without `guess` only of a table whose keys are known to be as many.
TablePtr complete(const TableMap& map, Flavor flavor, TablePtr table, bool guess) {
  if (!table || map.has_names || flavor != Flavor::MariaDb) return table;
  auto completed = with_row_hashes(map, *table);
  if (!completed || (!guess && !completed->certain)) return table;
  if (completed->certain) return freeze(std::move(completed->table));
  log::warning(
      "{}.{}: the log has {} columns, the known table has {}; taking the last ones for the hidden columns "
      "of a UNIQUE key (DB_ROW_HASH_1, …)",
      map.database, map.table, map.columns.size(), table->columns.size());
  return freeze(std::move(completed->table));
}

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
  if (may_be_helper(map.table)) SLUICE_TRY(complete_catalogue());
  use.wanted = selection_.wants(map.database, map.table) && !hides({map.database, map.table});
  if (!use.wanted) {
    use.catalogue_version = catalogue_.version();
    return {};
  }
  TablePtr table;
  if (aside_ && aside_->holds({map.database, map.table})) {
    if (map.has_names) aside_->tell(freeze(table_of(map)));
  } else {
    SLUICE_ASSIGN(found, table_for(map, flavor));
    table = std::move(found);
  }
  use.aside = table == nullptr;
  if (use.aside) table = freeze(table_of(map));
  SLUICE_ASSIGN(plan, RowPlan::make(map, *table));
  use.table = std::move(table);
  use.plan = std::move(plan);
  use.catalogue_version = catalogue_.version();
  return {};
}

bool TableUses::hides(const TableName& name, std::span<const TableName> named) {
  if (helper_tables_ || !is_helper_table(name, catalogue_, named)) return false;
  if (selection_.names(name.database, name.table)) return false;
  if (helpers_.size() >= kMostHelpersTold) helpers_.clear();
  if (selection_.wants(name.database, name.table) && helpers_.insert(name).second) {
    log::info(
        "{}.{}: taken for a helper table of gh-ost or pt-online-schema-change, whose changes are not "
        "delivered; "
        "name it among the tables if it is not, or set helper_tables",
        name.database, name.table);
  }
  return true;
}

Result<void> TableUses::complete_catalogue() {
  if (oracle_) return oracle_->complete();
  return {};
}

// No schema change lies between the last whole transaction and here, so that is where it is known from.
void TableUses::keep(const TablePtr& table) {
  catalogue_.stand_at(std::make_shared<const Position>(position_));
  catalogue_.put(table);
}

// In this order: the log itself, the catalogue, the server. Names are never guessed by position.
Result<TablePtr> TableUses::table_for(const TableMap& map, Flavor flavor) {
  // Where a server can be asked, its word comes before the conclusion that there are hidden columns.
  TablePtr known = catalogue_.find(map.database, map.table);
  if (!known && !tells_all(map)) {
    SLUICE_TRY(complete_catalogue());
    known = catalogue_.find(map.database, map.table);
  }
  known = complete(map, flavor, std::move(known), unknown_ != Unknown::Ask);
  std::optional<std::string> clash;
  if (known) clash = contradiction(map, *known);
  if (known && !clash) return freeze(merge(map, *known));
  if (map.has_names) {
    if (clash) log::info("{}.{}: {}; taking the log's word", map.database, map.table, *clash);
    TablePtr table = freeze(table_of(map));
    keep(table);
    return table;
  }
  if (unknown_ == Unknown::Ask) return ask_for(map, flavor, clash);
  if (unknown_ == Unknown::Leave) {
    if (clash) log::warning("{}.{}: what was told of it does not fit: {}", map.database, map.table, *clash);
    return TablePtr();
  }
  log::warning(
      "{}.{}: {}; its columns are shown as @1, @2, … (give --schema or --schema-from for their names)",
      map.database, map.table, clash ? *clash : "the log does not name its columns");
  return freeze(table_of(map));
}

Result<TablePtr> TableUses::ask_for(const TableMap& map, Flavor flavor,
                                    const std::optional<std::string>& clash) {
  std::string why;
  SLUICE_ASSIGN(found, oracle_->learn(map.database, map.table, why));
  TablePtr learnt = complete(map, flavor, std::move(found), true);
  if (learnt && !contradicts(map, *learnt, why)) {
    log::info("{}.{}: learnt its columns from the server", map.database, map.table);
    keep(learnt);
    return freeze(merge(map, *learnt));
  }
  std::string what = fmt::format("the columns of {}.{} at this place of the log are not known: {}{}{}",
                                 map.database, map.table, clash.value_or(""), clash ? "; " : "", why);
  if (aside_ && aside_->enabled()) {
    log::error(
        "behind {}: {}. Its changes are set aside in the state folder from here on, the other tables go on. "
        "Write "
        "its CREATE TABLE as of then into a file and run 'sluice schema repair --schema FILE': they come out "
        "at the "
        "next start; or leave the table out (tables: \"!{}.{}\")",
        describe(position_), what, map.database, map.table);
    return TablePtr();
  }
  if (!reads_for_.empty()) {
    return retryable(
        "{}. The sink {} waits in front of it, the others go on. Stop the pipeline, write its CREATE TABLE "
        "as of "
        "then into a file, and run 'sluice schema repair --sink {} --schema FILE'; or leave the table out "
        "(tables: \"!{}.{}\")",
        what, reads_for_, reads_for_, map.database, map.table);
  }
  return fatal(
      "{}. Nothing behind it was read. Either write its CREATE TABLE as of then into a file and run 'sluice "
      "schema repair --schema FILE', or leave the table out (tables: \"!{}.{}\"); with "
      "binlog_row_metadata=FULL on "
      "the server the log itself names the columns from now on",
      what, map.database, map.table);
}

}  // namespace sluice::mysql
