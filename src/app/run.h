// The life of a configured pipeline, in the foreground or in the background.
#pragma once

#include <functional>

#include "app/config.h"
#include "app/engine.h"

namespace sluice::app {

// But for the source; takes the lanes' settings. Nothing of the world is touched.
Result<RunPlan> plan_without_source(Config& config);
// What the start would refuse of the files and folders that file sinks name, without making anything.
Result<void> check_places(const RunPlan& plan);
// Asks for the password where it has to. Nothing else of the world is touched.
Result<RunPlan> plan_of(Config config);
// Until it is asked to stop, or fails. `started` is called once the state folder is ours and the control
// socket answers.
Result<void> run_pipeline(
    RunPlan plan, const std::function<void()>& started = [] {});

}  // namespace sluice::app
