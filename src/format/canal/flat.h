// Flat: canal's flat messages, a JSON object for the rows of an event (docs/formats/canal.md).
#pragma once

#include <memory>

#include "format/canal/options.h"
#include "format/encoder.h"

namespace sluice::canal {

std::unique_ptr<Encoder> make_flat(const Options& options);

}  // namespace sluice::canal
