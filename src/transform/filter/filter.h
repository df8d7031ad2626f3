// The pipeline's `where`: row changes of which the condition is not true are taken out of every batch. Schema
// changes stay.
#pragma once

#include <memory>

#include "transform/transform.h"

namespace sluice {

namespace rule {
struct Rule;
}

std::unique_ptr<Transform> make_filter(std::shared_ptr<const rule::Rule> condition);

}  // namespace sluice
