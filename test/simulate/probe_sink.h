// ProbeSink: keeps what it gets where the test can see it, and does what the test tells it to.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>

#include "sink/sink.h"

namespace sluice::simulate {

struct Probe {
  // Called for every write before it counts; what it returns is what write() returns.
  std::function<Result<void>(const Delivery&)> on_write;
  // Whether the target takes a message with this value; none: all of them.
  std::function<bool(std::string_view)> takes;

  std::string text() const {
    std::lock_guard lock(mutex);
    return bytes;
  }
  // Until the sink got this much, for at most ten seconds.
  bool wait_for(const std::string& expected) const {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(10), [&] { return bytes == expected; });
  }

  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  std::string bytes;
  std::string note;                   // what the sink notes; set before the pipeline runs
  std::chrono::microseconds pause{};  // that the target asks for
  int writes = 0, reopens = 0, interrupts = 0, closes = 0;
  bool blocked = false;  // the next write waits until it is interrupted
};

class ProbeSink : public Sink {
 public:
  explicit ProbeSink(Probe& probe) : probe_(probe) {}

  Result<void> open(std::string_view) override { return {}; }
  Result<void> reopen() override {
    std::lock_guard lock(probe_.mutex);
    ++probe_.reopens;
    return {};
  }
  Result<void> write(const Delivery& delivery) override {
    if (probe_.on_write) SLUICE_TRY(probe_.on_write(delivery));
    std::unique_lock lock(probe_.mutex);
    ++probe_.writes;
    if (probe_.blocked) {
      probe_.changed.wait(lock, [&] { return probe_.interrupts > 0; });
      return stopped();
    }
    refused_.clear();
    for (size_t i = 0; i < delivery.messages.size(); ++i) {
      if (probe_.takes && !probe_.takes(delivery.value(i))) {
        refused_.push_back({i, "it is too large"});
      } else {
        probe_.bytes.append(delivery.value(i)).append("\n");
      }
    }
    probe_.changed.notify_all();
    return {};
  }
  std::chrono::microseconds pause() const override { return probe_.pause; }
  std::span<const Refusal> refused() const override { return refused_; }
  std::string note() const override { return probe_.note; }
  void close() override {
    std::lock_guard lock(probe_.mutex);
    ++probe_.closes;
  }
  void interrupt() noexcept override {
    std::lock_guard lock(probe_.mutex);
    ++probe_.interrupts;
    probe_.changed.notify_all();
  }

 private:
  Probe& probe_;
  std::vector<Refusal> refused_;
};

}  // namespace sluice::simulate
