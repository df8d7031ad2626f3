// SimSource: reads a World as a server would hand it over: cut into batches anywhere, with pauses, empty
// batches and lost connections.
#pragma once

#include <atomic>
#include <functional>

#include "pipeline/own_reading.h"
#include "simulate/power.h"
#include "simulate/world.h"
#include "source/source.h"

namespace sluice::simulate {

class SimSource : public Source {
 public:
  SimSource(const World& world, Power& power, uint64_t seed) : world_(world), power_(power), random_(seed) {}

  Result<void> open(const Position& from) override;
  Result<More> read(Batch& batch) override;
  void confirm(const Position& position) override;
  void interrupt() noexcept override { interrupted_ = true; }

  // Stops the pipeline by itself at this read, counted from 1; 0: never.
  std::function<void()> at_read;
  int at_read_number = 0;
  size_t confirmed() const { return confirmed_; }  // transactions

 private:
  void fill(Batch& batch);
  // One change of the present transaction; true: it was its last.
  void add_change(Batch& batch);

  const World& world_;
  Power& power_;
  Random random_;
  std::atomic<bool> interrupted_ = false;
  bool opened_ = false;
  bool nothing_read_ = false;
  size_t transaction_ = 0;  // the present one
  uint32_t change_ = 0;     // the next one of it
  Position resume_;
  int reads_ = 0;
  std::atomic<size_t> confirmed_ = 0;
};

// Sinks that are behind read the same world.
class SimReading : public OwnReading {
 public:
  SimReading(const World& world, Power& power, uint64_t seed) : world_(world), power_(power), random_(seed) {}

  Result<void> keep(const std::string&) override { return power_.step() ? Result<void>() : dead(); }
  Result<Reading> begin(const std::string&, const Position&) override {
    Reading reading{.source = std::make_unique<SimSource>(world_, power_, random_.next()), .transforms = {}};
    reading.transforms.push_back(std::make_unique<DropSome>());
    return reading;
  }
  void end(const std::string&) override {}

 private:
  const World& world_;
  Power& power_;
  Random random_;
};

}  // namespace sluice::simulate
