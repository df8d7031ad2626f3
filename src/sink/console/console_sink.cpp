#include "sink/console/console_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "sink/heading.h"

namespace sluice {
namespace {

constexpr size_t kKeepBytes = 8u << 20;  // what a huge row needed beyond that is given back

class ConsoleSink : public Sink {
 public:
  explicit ConsoleSink(int descriptor) : given_(descriptor), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    CHECK(wake_ >= 0);
  }
  ~ConsoleSink() override {
    ConsoleSink::close();
    ::close(wake_);
  }

  Result<void> open(std::string_view) override;
  Result<void> write(const Delivery& delivery) override;
  Result<void> tick() override;
  void close() override;
  void interrupt() noexcept override { eventfd_write(wake_, 1); }

 private:
  ssize_t put(const char* bytes, size_t size) const;
  // Until there is room, or somebody interrupts.
  Result<void> wait() const;

  const int given_;
  const int wake_;
  int out_ = -1;
  bool socket_ = false;
  // How much of the batch `sequence_` is out already: a retry goes on from there.
  uint64_t sequence_ = 0;
  size_t written_ = 0;
  uint64_t heading_ = 0;  // the mark of the one that is out
  Bytes headed_;          // the batch with its headings
};

Result<void> ConsoleSink::open(std::string_view) {
  close();
  // A reader that goes away shall be an error here and no signal.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);

  struct stat facts;
  if (fstat(given_, &facts) != 0) return fatal("cannot write to stdout: {}", std::strerror(errno));
  socket_ = S_ISSOCK(facts.st_mode);
  out_ = given_;
  if (S_ISFIFO(facts.st_mode) || S_ISCHR(facts.st_mode)) {
    // A description of our own, so that a full pipe can be waited for and given up without making the shell's
    // terminal non-blocking for everybody. Where that is refused (a terminal of another user), a write that
    // blocks cannot be interrupted.
    std::string self = fmt::format("/proc/self/fd/{}", given_);
    int own = ::open(self.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (own >= 0) out_ = own;
  }
  return {};
}

void ConsoleSink::close() {
  if (out_ >= 0 && out_ != given_) ::close(out_);
  out_ = -1;
}

ssize_t ConsoleSink::put(const char* bytes, size_t size) const {
  if (socket_) return ::send(out_, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  return ::write(out_, bytes, size);
}

Result<void> ConsoleSink::wait() const {
  pollfd both[] = {{out_, POLLOUT, 0}, {wake_, POLLIN, 0}};
  while (poll(both, 2, -1) < 0) {
    if (errno != EINTR) return fatal("cannot wait for room on stdout: {}", std::strerror(errno));
  }
  if (both[1].revents) return stopped();
  return {};
}

Result<void> ConsoleSink::write(const Delivery& delivery) {
  if (sequence_ != delivery.batch.sequence) {
    sequence_ = delivery.batch.sequence;
    written_ = 0;
    headed_.clear();
    headed_.shrink(kKeepBytes);
    if (!delivery.headings.empty()) {
      append_headed(delivery, 0, delivery.messages.size(), heading_, headed_);
    }
  }
  std::string_view bytes = delivery.headings.empty() ? delivery.bytes : headed_.view();
  while (written_ < bytes.size()) {
    ssize_t n = put(bytes.data() + written_, bytes.size() - written_);
    if (n >= 0) {
      written_ += static_cast<size_t>(n);
      continue;
    }
    switch (errno) {
      case EINTR: break;
      case EAGAIN: SLUICE_TRY(wait()); break;
      case EPIPE: return stopped();
      case ENOSPC:
      case EDQUOT:
        return retryable("cannot write to stdout: the disk is full; make room and it goes on by itself");
      default: return fatal("cannot write to stdout: {}", std::strerror(errno));
    }
  }
  return {};
}

Result<void> ConsoleSink::tick() {
  // A reader may have gone while there was nothing to write: `| head` ends us even on an idle log.
  pollfd out{out_, 0, 0};
  if (poll(&out, 1, 0) > 0 && (out.revents & (POLLERR | POLLHUP))) return stopped();
  return {};
}

}  // namespace

std::unique_ptr<Sink> make_console_sink(int descriptor) { return std::make_unique<ConsoleSink>(descriptor); }

const SinkType console_sink = {
    .name = "console",
    .summary = "lines on stdout",
    .options = {},
    .make = [](const Settings&) -> Result<std::unique_ptr<Sink>> { return make_console_sink(STDOUT_FILENO); },
    .on_screen = true,
};

}  // namespace sluice
