// The state in SQLite: `state.db` in a folder of the pipeline's own.
#pragma once

#include <memory>
#include <string>

#include "state/state.h"

namespace sluice {

// Creates the folder and the file where they are missing. Faults: another process has it, it cannot be
// written, it is damaged, or a newer version of this program wrote it.
Result<std::unique_ptr<State>> open_sqlite_state(const std::string& folder);

struct SavedCatalogue {
  Position resume;  // where its pipeline goes on
  Position at;      // the place that the tables are of
  Position first;   // the first place whose tables are known
  Position since;   // the place from which they were so; without a timestamp: its time is not known
};
// Puts the tables as of `at` into `catalogue`; `at` may be a file and offset, a GTID set, or a timestamp
// alone; null: as of where the pipeline goes on. Writes nothing: the pipeline may be running. A Usage fault
// where nothing was saved in this folder.
Result<SavedCatalogue> read_sqlite_catalogue(const std::string& folder, const Position* at,
                                             Catalogue& catalogue);

// Gives `to`, whose state has no tables yet, every version of every table that the state in `from` knows.
Result<void> copy_sqlite_history(const std::string& from, const std::string& to);

// What is parked, as ParkStore's functions tell it. Writes nothing: the pipeline may be running.
Result<void> read_sqlite_park(const std::string& folder, std::string_view lane,
                              const std::function<void(const ParkedMessage&)>& visit);
Result<std::optional<ParkedMessage>> read_sqlite_parked(const std::string& folder, uint64_t id);

}  // namespace sluice
