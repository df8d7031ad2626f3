// Park: the parked messages, in the state's own database: they come and go in one step with the checkpoint.
// Not shared by threads without a lock around.
#pragma once

#include <optional>

#include "base/result.h"
#include "client/sqlite/database.h"
#include "state/park.h"

namespace sluice::sqlite {

class Park {
 public:
  // Creates what is missing. AUTOINCREMENT: an id that people have seen must never mean another message.
  static constexpr const char* kTables = R"(
CREATE TABLE IF NOT EXISTS parked(
  id INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT NOT NULL, change TEXT NOT NULL, part INTEGER NOT NULL,
  name TEXT NOT NULL, row_key TEXT NOT NULL, destination TEXT NOT NULL, since INTEGER NOT NULL,
  reason TEXT NOT NULL, asked INTEGER NOT NULL, place TEXT NOT NULL, subject BLOB NOT NULL,
  message BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS parked_changes ON parked(lane, change, part);
)";

  // `database` outlives it.
  Result<void> prepare(Database& database);

  // In a transaction of the caller's.
  Result<void> save(const ParkChanges& changes);
  Result<void> each(std::string_view lane, const std::function<void(const ParkedMessage&)>& visit);
  Result<std::optional<ParkedMessage>> find(uint64_t id);
  // In a transaction of the caller's, these two.
  Result<uint64_t> ask(std::string_view lane, const std::vector<uint64_t>& ids);
  Result<uint64_t> drop(std::string_view lane, const std::vector<uint64_t>& ids);

 private:
  Result<uint64_t> count(Statement& all, Statement& one, std::string_view lane,
                         const std::vector<uint64_t>& ids);

  Database* database_ = nullptr;
  Statement put_, remove_, refuse_, each_, find_, ask_all_, ask_one_, drop_all_, drop_one_;
};

}  // namespace sluice::sqlite
