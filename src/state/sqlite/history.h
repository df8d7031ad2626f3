// History: every version of every table, and of every database's default character set, with the place in the
// log from which it held. Not shared by threads without a lock around.
//
// Places are numbered in the order of the log. A version holds from the place `since` to the place `ended`,
// and until now where that is NULL. So a table is never kept as dropped: its last version has ended.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "client/sqlite/database.h"
#include "model/catalogue.h"
#include "model/position.h"

namespace sluice::sqlite {

// Versions that were followed by others are kept up to this number, all tables together; then the ones that
// ended first go. With tables of 30 columns it is about 6 MB.
constexpr int64_t kMostEndedVersions = 10'000;

class History {
 public:
  // Creates what is missing.
  static constexpr const char* kTables = R"(
CREATE TABLE IF NOT EXISTS places(
  id INTEGER PRIMARY KEY, file TEXT NOT NULL, offset INTEGER NOT NULL, gtids TEXT NOT NULL,
  server_uuid TEXT NOT NULL, timestamp INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS versions(
  database TEXT NOT NULL, name TEXT NOT NULL, since INTEGER NOT NULL, ended INTEGER, shape BLOB NOT NULL,
  PRIMARY KEY(database, name, since)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS current_versions ON versions(database, name) WHERE ended IS NULL;
CREATE INDEX IF NOT EXISTS ended_versions ON versions(ended) WHERE ended IS NOT NULL;
-- name '': the server's own
CREATE TABLE IF NOT EXISTS charsets(
  name TEXT NOT NULL, since INTEGER NOT NULL, ended INTEGER, charset TEXT NOT NULL, PRIMARY KEY(name, since)
) WITHOUT ROWID;
)";

  // `database` outlives it.
  Result<void> prepare(Database& database);

  // In a transaction of the caller's. `resume` is the place of changes that name none.
  Result<void> save(std::span<const CatalogueChange> changes, const Position& resume);
  // In a transaction of the caller's. What was learnt behind `resume` is forgotten: it will be read again.
  Result<void> forget_behind(const Position& resume);
  // The catalogue as of `at`: of a position that is known nowhere, by its timestamp.
  Result<Position> load(const Position& at, Catalogue& catalogue);
  // The first place of all.
  Result<Position> first();

 private:
  Result<Position> read_place();
  struct Place {
    int64_t id = 0;
    Position position;
  };
  // The last one that lies before `at` or there; id 0: none does.
  Result<Place> last_place(const Position& at);
  Result<int64_t> place_of(const Position& position);
  Result<void> save_table(const CatalogueChange& change, int64_t place);
  Result<void> end_table(const TableName& name, int64_t place);
  Result<void> save_charset(const CatalogueChange& change, int64_t place);
  Result<void> compact();

  Database* database_ = nullptr;
  // What was saved last: changes of one statement share their place.
  std::optional<Position> newest_;
  int64_t newest_id_ = 0;
  Statement places_, put_place_, current_shape_, end_table_, unput_table_, put_table_, end_charset_,
      unput_charset_, put_charset_, tables_at_, charsets_at_, compact_, prune_places_;
};

}  // namespace sluice::sqlite
