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

// The state of the sink's own tables in the pipeline's folder: of the places that it reads by itself.
std::string own_tables_folder(const std::string& folder, const std::string& sink);
// Makes it of what the pipeline's state knows, where there is none, and has it stand where the sink does.
// `state` is the pipeline's, which is stopped.
Result<void> stand_own_tables(State& state, const std::string& folder, const std::string& sink);

// Forgets where the sink is and what waits for it: should it come back, it begins anew. False: nothing is
// known of it.
Result<bool> forget_sink(State& state, const std::string& folder, const std::string& sink);

}  // namespace sluice::app
