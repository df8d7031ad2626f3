// How a sink that is behind reads a server's log by itself, and what lies in the state folder for it
// meanwhile.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/selection.h"
#include "pipeline/own_reading.h"
#include "source/mysql/mysql_source.h"
#include "state/state.h"

namespace sluice::app {

using Transforms = std::vector<std::unique_ptr<Transform>>;

// `setup`: of everybody's source; `selection` outlives it; `transforms` makes everybody's.
std::unique_ptr<OwnReading> make_own_reading(MysqlSourceSetup setup, std::optional<StartPoint> until,
                                             const Selection& selection, std::string state_folder,
                                             std::function<Transforms()> transforms);

// Forgets where the sink is and what waits for it: should it come back, it begins anew. False: nothing is
// known of it.
Result<bool> forget_sink(State& state, const std::string& folder, const std::string& sink);

}  // namespace sluice::app
