// PlanCache: what somebody made of each table version, kept under the version's serial.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "model/table.h"

namespace sluice {

// One thread's own.
template <class Plan>
class PlanCache {
 public:
  // The plan of this version; `make()` makes a std::unique_ptr<Plan> of one that is new. Valid until the next
  // call. Most changes are of the table of the change before.
  template <class Make>
  Plan& of(const Table& table, Make&& make) {
    if (!last_ || table.serial != serial_) {
      last_ = find(table.serial, make);
      serial_ = table.serial;
    }
    return *last_;
  }

  void clear() {
    plans_.clear();
    last_ = nullptr;
  }

 private:
  // Beyond so many table versions all are forgotten and made again.
  static constexpr size_t kMostPlans = 50'000;

  template <class Make>
  Plan* find(uint64_t serial, Make&& make) {
    if (plans_.size() >= kMostPlans) plans_.clear();
    std::unique_ptr<Plan>& plan = plans_[serial];
    if (!plan) plan = make();
    return plan.get();
  }

  std::unordered_map<uint64_t, std::unique_ptr<Plan>> plans_;
  uint64_t serial_ = 0;  // of the table last seen, and its plan
  Plan* last_ = nullptr;
};

}  // namespace sluice
