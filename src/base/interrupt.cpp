#include "base/interrupt.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"

namespace sluice {

Interrupt::Interrupt() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { CHECK(descriptor_ >= 0); }

Interrupt::~Interrupt() { ::close(descriptor_); }

void Interrupt::raise() noexcept {
  raised_.store(true, std::memory_order_relaxed);
  // Fails only when it was raised 2^64 - 2 times already, and then it is raised.
  [[maybe_unused]] int ignored = eventfd_write(descriptor_, 1);
}

}  // namespace sluice
