// Source: where changes come from. One thread owns it; only interrupt() may be called from others.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "model/batch.h"

namespace sluice {

class Source {
 public:
  virtual ~Source() = default;
  // Begins to read after `from`; at the place its settings name where `from` is not known. May be called
  // again after a Retryable failure of read(): it then goes on behind what was read, without repeating a
  // change.
  virtual Result<void> open(const Position& from) = 0;
  enum class More : uint8_t { Yes, End };
  // Fills the batch: until it is full, or until nothing more is there at the moment. Waits for something to
  // hand over, at most about a second, after which the batch may be empty but for its `resume`. End: there
  // will never be more. After a failure the batch's content is forgotten: a source that has changes in hand
  // hands them over first and fails at the next call. The first batch after an open() from nowhere holds
  // `resume` alone, so that the place where everything began is saved before any change is delivered.
  virtual Result<More> read(Batch& batch) = 0;
  // Everything up to here is safe at every sink. Any thread.
  virtual void confirm(const Position&) {}
  // Makes a read() or open() that waits, now or later, return with a Stopped fault. Any thread, also from
  // several at once.
  virtual void interrupt() noexcept = 0;
};

}  // namespace sluice
