// Values at the edges of what each type of column holds, for tests of whatever spells them.
#pragma once

#include <utility>
#include <vector>

#include "support/sample.h"

namespace sluice::sample {

// Of every kind that a cell has but JsonPatch, each with a column named `v`; bytes are kept by `sample`.
std::vector<std::pair<Column, Cell>> boundary_values(Sample& sample);

}  // namespace sluice::sample
