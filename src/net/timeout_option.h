// The option by which a sink says how long its target may take.
#pragma once

#include "base/option.h"

namespace sluice {

constexpr Option timeout_option(std::string_view fallback,
                                std::string_view help = "how long the server may take to answer") {
  return {"timeout", OptionKind::Duration, fallback, help, {}, false, {}, 10, 3'600'000};
}

}  // namespace sluice
