// Simulated targets: what was delivered outlives the process. SimSink fails, stalls and dies in the middle of
// a write; CutSink does the same to a real sink.
#pragma once

#include <string>
#include <vector>

#include "simulate/power.h"
#include "simulate/world.h"
#include "sink/sink.h"

namespace sluice::simulate {

// A target that only appends (a queue), or one that takes back what came after the note (a file).
enum class Promise { AtLeastOnce, Exact };

struct Target {
  explicit Target(Promise kept) : promise(kept) {}

  const Promise promise;
  std::vector<std::string> lines;
  // Where in `lines` repeats may begin, and the first line of the world that may be seen again there.
  struct Repeat {
    size_t at;
    size_t floor;
  };
  std::vector<Repeat> repeats;

  // In lines of the world: the checkpoints behind the last two deliveries that were reported safe.
  size_t checkpoint = 0, checkpoint_before = 0;
  size_t next = 0;       // the line of the world that follows what was reported safe
  bool in_hand = false;  // a delivery was begun that was not reported safe

  // The lowest line that may come again after a death.
  size_t floor() const { return in_hand ? checkpoint : checkpoint_before; }
  // Empty: every line is there, in order, and repeats begin only where they may.
  std::string check(const World& world) const;
  // The same of a target that was there for a while only: what it has begins anywhere and ends anywhere.
  std::string check_part(const World& world) const;

 private:
  // `expected`: the line of the world that is due first; then the one behind the last.
  std::string follow(const World& world, size_t& expected) const;
};

class SimSink : public Sink {
 public:
  SimSink(const World& world, Target& target, Power& power, uint64_t seed)
      : world_(world), target_(target), power_(power), random_(seed) {}

  Result<void> open(std::string_view saved) override;
  Result<void> reopen() override;
  Result<void> write(const Delivery& delivery) override;
  std::string note() const override;

 private:
  const World& world_;
  Target& target_;
  Power& power_;
  Random random_;
  size_t noted_ = 0;  // lines behind the last whole transaction
};

// A target that refuses some lines until it is mended; each row must have its changes in order, its last ones
// at least.
struct ParticularTarget {
  bool mended = false;
  std::vector<std::string> lines;

  std::string check(const World& world) const;
};

class ParticularSink : public Sink {
 public:
  ParticularSink(ParticularTarget& target, Power& power, uint64_t seed)
      : target_(target), power_(power), random_(seed) {}

  Result<void> open(std::string_view) override { return power_.step() ? Result<void>() : dead(); }
  Result<void> write(const Delivery& delivery) override;
  std::span<const Refusal> refused() const override { return refused_; }

 private:
  ParticularTarget& target_;
  Power& power_;
  Random random_;
  std::vector<Refusal> refused_;
};

class CutSink : public Sink {
 public:
  CutSink(std::unique_ptr<Sink> inner, Power& power, uint64_t seed)
      : inner_(std::move(inner)), power_(power), random_(seed) {}

  Result<void> open(std::string_view saved) override {
    return power_.step() ? inner_->open(saved) : Result<void>(dead());
  }
  Result<void> reopen() override { return power_.step() ? inner_->reopen() : Result<void>(dead()); }
  Result<void> write(const Delivery& delivery) override;
  std::string note() const override { return inner_->note(); }
  void close() override {
    if (power_.on()) inner_->close();
  }

 private:
  std::unique_ptr<Sink> inner_;
  Power& power_;
  Random random_;
};

}  // namespace sluice::simulate
