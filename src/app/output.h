// What `tail` and `decode` print, as their options say it.
#pragma once

#include <span>
#include <string>

#include "app/engine.h"
#include "base/option.h"

namespace sluice::app {

// format, with, set, pretty.
std::span<const Option> output_options();
// Lines on stdout.
Result<LanePlan> output_plan(const Settings& output);

}  // namespace sluice::app
