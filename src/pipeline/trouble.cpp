#include "pipeline/trouble.h"

namespace sluice {

bool Trouble::met(std::string_view reason, SteadyTime now) {
  if (lasting_ && reason == reason_ && now - said_ < kReminder) return false;
  lasting_ = true;
  reason_ = reason;
  said_ = now;
  return true;
}

bool Trouble::over() {
  bool was = lasting_;
  lasting_ = false;
  reason_.clear();
  return was;
}

}  // namespace sluice
