// Backoff: how long to wait before the next try. Doubles up to a bound and is spread by a fifth either way,
// so that many clients of one server that came back do not all call at the same moment.
#pragma once

#include <chrono>
#include <cstdint>

namespace sluice {

struct BackoffBounds {
  std::chrono::microseconds first = std::chrono::milliseconds(100);
  std::chrono::microseconds most = std::chrono::seconds(30);
};

class Backoff {
 public:
  explicit Backoff(BackoffBounds bounds = {});

  // The pause before the next try; each is twice as long as the one before.
  std::chrono::microseconds next();
  // It worked: the next pause is the first one again.
  void reset() { pause_ = bounds_.first; }

 private:
  BackoffBounds bounds_;
  std::chrono::microseconds pause_;
  uint64_t random_;
};

}  // namespace sluice
