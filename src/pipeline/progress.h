// What a position includes. On one server the file and offset decide, because they are exact even for
// transactions without a GTID; between servers only GTIDs mean the same.
#pragma once

#include <compare>
#include <string_view>

#include "model/batch.h"
#include "model/position.h"

namespace sluice {

// Log files by their number: `bin.999999` comes before `bin.1000000`.
std::strong_ordering compare_log_files(std::string_view a, std::string_view b);

// Everything up to `other` lies before `position`.
bool covers(const Position& position, const Position& other);
// The change lies before `position`; the batch was read from the server that `batch.resume` names.
bool covers(const Position& position, const Batch& batch, const Change& change);

}  // namespace sluice
