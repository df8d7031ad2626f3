// Trouble: a failure that is being retried, as people hear of it: once when it begins, when its reason
// changes, once a minute while it lasts, and when it is over.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace sluice {

class Trouble {
 public:
  static constexpr std::chrono::seconds kReminder{60};

  // True: this should be said now.
  bool met(std::string_view reason, SteadyTime now);
  // True: there was trouble that people heard of; forgets it.
  bool over();

  bool lasting() const { return lasting_; }
  const std::string& reason() const { return reason_; }

 private:
  bool lasting_ = false;
  std::string reason_;
  SteadyTime said_;
};

}  // namespace sluice
