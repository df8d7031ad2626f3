// What an ALTER TABLE does to the columns of a mirror, told from the table before and behind it; the
// statement says which column has a new name, and what value a new one has in the rows that are there.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "mirror/encoder.h"
#include "mirror/shape.h"
#include "model/change.h"
#include "model/table.h"

namespace sluice::mirror {

// A fault's words: why it cannot be done at a target by the log alone.
Result<std::vector<Step>> steps_of(const Table& before, const Table& after, const Event& event,
                                   const Spelling& spelling);

}  // namespace sluice::mirror
