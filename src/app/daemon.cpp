#include "app/daemon.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "app/run.h"
#include "app/running.h"
#include "base/clock.h"
#include "base/log.h"

namespace sluice::app {
namespace {

constexpr int kPollMs = 20;

// stdin from nowhere, stdout and stderr into the log: what a library may print is not lost.
Result<void> leave_terminal(const std::string& log_file) {
  ::setsid();
  int nothing = ::open("/dev/null", O_RDONLY);
  int log = ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0640);
  if (log < 0) return fatal("cannot open the log file {}: {}", log_file, std::strerror(errno));
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  if (nothing > STDERR_FILENO) ::close(nothing);
  if (log > STDERR_FILENO) ::close(log);
  return log::to_file(log_file);
}

// Never returns. A failure goes into the log, and to the parent as a byte (its fault) and its words.
[[noreturn]] void live(RunPlan plan, const std::string& folder, const std::string& log_file, int parent) {
  std::string pid_file = folder + "/sluice.pid";
  auto started = [&] { std::ofstream(pid_file, std::ios::trunc) << ::getpid() << '\n'; };
  auto result = leave_terminal(log_file);
  if (result) {
    result = run_pipeline(std::move(plan), started);
    if (!result && result.error().fault != Fault::Stopped) log::error("{}", result.error().what);
  }
  std::ifstream own(pid_file);
  pid_t written = 0;
  if (own >> written && written == ::getpid()) ::unlink(pid_file.c_str());
  if (result || result.error().fault == Fault::Stopped) ::_exit(0);
  std::string report(1, static_cast<char>(result.error().fault));
  report += result.error().what;
  [[maybe_unused]] ssize_t told = ::write(parent, report.data(), report.size());
  ::_exit(result.error().fault == Fault::Usage ? 2 : 1);
}

// What the child says before its end; it has closed the pipe.
Error last_words(int pipe, pid_t child, const std::string& log_file) {
  std::string report;
  char part[4096];
  for (ssize_t n; (n = ::read(pipe, part, sizeof part)) > 0;) report.append(part, static_cast<size_t>(n));
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!report.empty()) return {static_cast<Fault>(report[0]), report.substr(1)};
  if (WIFSIGNALED(status)) {
    return {Fault::Fatal, fmt::format("it was ended by signal {}; see {}", WTERMSIG(status), log_file)};
  }
  return {Fault::Fatal, fmt::format("it has ended already, without a failure; see {}", log_file)};
}

}  // namespace

Result<Started> start_daemon(RunPlan plan, const std::string& folder, const std::string& log_file,
                             std::chrono::milliseconds patience) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fatal("cannot make a pipe: {}", std::strerror(errno));
  pid_t child = ::fork();
  if (child < 0) return fatal("cannot start a process: {}", std::strerror(errno));
  if (child == 0) {
    ::close(ends[0]);
    live(std::move(plan), folder, log_file, ends[1]);
  }
  ::close(ends[1]);
  Started started{child, false, "no answer yet"};
  for (SteadyTime begin = steady_now(); !started.connected && steady_now() - begin < patience;) {
    pollfd words{ends[0], POLLIN, 0};
    if (::poll(&words, 1, kPollMs) == 1) {
      Error error = last_words(ends[0], child, log_file);
      ::close(ends[0]);
      return tl::unexpected(std::move(error));
    }
    auto status = ask_status(folder);
    if (!status || !*status || (*status)->pid != child) continue;
    started.connected = (*status)->connected;
    started.reason = (*status)->reason;
  }
  ::close(ends[0]);
  return started;
}

}  // namespace sluice::app
