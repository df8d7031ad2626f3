// The state in SQLite: `state.db` in a folder of the pipeline's own.
#pragma once

#include <memory>
#include <string>

#include "state/state.h"

namespace sluice {

// Creates the folder and the file where they are missing. Faults: another process has it, it cannot be
// written, it is damaged, or a newer version of this program wrote it.
Result<std::unique_ptr<State>> open_sqlite_state(const std::string& folder);

}  // namespace sluice
