// What of a batch a position includes.
#pragma once

#include "model/batch.h"
#include "model/position.h"

namespace sluice {

// The change lies before `position`; the batch was read from the server that `batch.resume` names.
bool covers(const Position& position, const Batch& batch, const Change& change);

}  // namespace sluice
