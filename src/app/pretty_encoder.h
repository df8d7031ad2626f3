// JSON for people: another encoder's messages with each member on a line of its own, and colours.
#pragma once

#include <memory>

#include "format/encoder.h"

namespace sluice::app {

std::unique_ptr<Encoder> make_pretty_encoder(std::unique_ptr<Encoder> inner, bool colours);

}  // namespace sluice::app
