#include "app/progress_bar.h"

#include <fmt/core.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "app/terminal.h"
#include "base/clock.h"

namespace sluice::app {
namespace {

constexpr std::chrono::milliseconds kPause{200};
// How much a new measurement of the rate counts against the ones before.
constexpr double kWeight = 0.2;

std::string clock_text(double seconds) {
  auto whole = static_cast<uint64_t>(std::ceil(seconds));
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

ProgressBar::ProgressBar(bool visible, std::function<State()> look) : look_(std::move(look)) {
  if (visible) thread_ = std::thread([this] { draw(); });
}

ProgressBar::~ProgressBar() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_one();
  thread_.join();
}

std::string ProgressBar::line(const State& state, double rate, unsigned width) {
  std::string text = fmt::format("{:.1f} MB/s, {} changes", rate / 1e6, state.changes);
  if (state.total > 0) {
    double done = std::min(1.0, static_cast<double>(state.bytes) / static_cast<double>(state.total));
    constexpr unsigned kCells = 24;
    auto full = static_cast<unsigned>(done * kCells);
    std::string bar = std::string(full, '=') + (full < kCells ? ">" : "");
    bar.resize(kCells, ' ');
    std::string left = rate > 0 ? ", " +
                                      clock_text((static_cast<double>(state.total) -
                                                  static_cast<double>(std::min(state.bytes, state.total))) /
                                                 rate) +
                                      " left"
                                : "";
    text = fmt::format("[{}] {:3.0f}% of {:.1f} MB, {}{}", bar, std::floor(done * 100),
                       static_cast<double>(state.total) / 1e6, text, left);
  } else {
    text = fmt::format("{:.1f} MB, {}", static_cast<double>(state.bytes) / 1e6, text);
  }
  if (!state.file.empty() && text.size() + 2 + state.file.size() < width) text += "  " + state.file;
  return text.substr(0, width);
}

void ProgressBar::draw() {
  pthread_setname_np(pthread_self(), "progress");
  double rate = 0;
  uint64_t before = 0;
  SteadyTime then = steady_now();
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, kPause, [this] { return end_; })) {
    State state = look_();
    SteadyTime now = steady_now();
    double seconds = std::chrono::duration<double>(now - then).count();
    double measured = static_cast<double>(state.bytes - before) / seconds;
    rate = rate == 0 ? measured : rate + kWeight * (measured - rate);
    before = state.bytes;
    then = now;
    std::string text = "\r" + line(state, rate, Look::of(STDERR_FILENO).width - 1) + "\x1b[K";
    [[maybe_unused]] ssize_t n = ::write(STDERR_FILENO, text.data(), text.size());
  }
  [[maybe_unused]] ssize_t n = ::write(STDERR_FILENO, "\r\x1b[K", 4);
}

}  // namespace sluice::app
