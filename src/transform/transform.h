// Transform: edits a batch on the source thread before anyone else sees it.
#pragma once

#include "base/result.h"
#include "model/batch.h"

namespace sluice {

class Transform {
 public:
  virtual ~Transform() = default;
  virtual Result<void> apply(Batch& batch) = 0;
};

}  // namespace sluice
