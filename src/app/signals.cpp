#include "app/signals.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"

namespace sluice::app {
namespace {

// One request, however many signals it takes: timeout(1) and others signal their child, and then the whole
// group.
constexpr std::chrono::milliseconds kOnce{100};

}  // namespace

Signals::Signals(std::function<void()> stop) : stop_(std::move(stop)) {
  sigset_t set;
  sigemptyset(&set);
  for (int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, number);
  CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC);
  end_ = ::eventfd(0, EFD_CLOEXEC);
  CHECK(signals_ >= 0 && end_ >= 0);
  thread_ = std::thread([this] { listen(); });
}

Signals::~Signals() {
  uint64_t one = 1;
  CHECK(::write(end_, &one, sizeof one) == sizeof one);
  thread_.join();
  ::close(end_);
  ::close(signals_);
}

void Signals::listen() {
  pthread_setname_np(pthread_self(), "signals");
  std::optional<SteadyTime> asked;
  for (;;) {
    pollfd waiting[] = {{signals_, POLLIN, 0}, {end_, POLLIN, 0}};
    if (::poll(waiting, 2, -1) < 0) continue;
    if (waiting[1].revents != 0) return;
    signalfd_siginfo info;
    if (::read(signals_, &info, sizeof info) != sizeof info) continue;
    if (info.ssi_signo == SIGHUP) {
      log::reopen();
    } else if (!asked) {
      asked = steady_now();
      log::debug("asked to stop by signal {}", info.ssi_signo);
      stop_();
    } else if (steady_now() - *asked >= kOnce) {
      log::warning("asked a second time: ends at once; what was not saved yet comes again at the next start");
      ::_exit(128 + static_cast<int>(info.ssi_signo));
    }
  }
}

}  // namespace sluice::app
