// Aside: the events set aside, in the state's own database: they come and go in one step with the checkpoint,
// so that a process killed at any moment neither loses one nor has one twice. Not shared by threads without a
// lock around.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/sqlite/database.h"
#include "model/aside.h"

namespace sluice::sqlite {

class Aside {
 public:
  // Creates what is missing.
  static constexpr const char* kTables = R"(
CREATE TABLE IF NOT EXISTS aside(
  id INTEGER PRIMARY KEY, database TEXT NOT NULL, name TEXT NOT NULL, place TEXT NOT NULL, ddl INTEGER NOT NULL,
  event BLOB NOT NULL
);
-- tables that they need, as of their first event
CREATE TABLE IF NOT EXISTS aside_tables(
  database TEXT NOT NULL, name TEXT NOT NULL, shape BLOB NOT NULL, PRIMARY KEY(database, name)
) WITHOUT ROWID;
-- one row
CREATE TABLE IF NOT EXISTS aside_whole(id INTEGER NOT NULL);
)";

  // `database` outlives it.
  Result<void> prepare(Database& database);

  // In a transaction of the caller's.
  Result<void> save(const AsideChanges& changes);
  Result<void> forget_open();
  Result<void> load(Catalogue& told);
  Result<uint64_t> whole();
  Result<std::vector<AsideTable>> tables();
  Result<AsideEvent> next(uint64_t id, bool ddl_only);

 private:
  Database* database_ = nullptr;
  Statement put_, remove_, put_table_, remove_table_, whole_, clear_whole_, set_whole_, forget_open_, shapes_,
      count_, next_;
};

}  // namespace sluice::sqlite
