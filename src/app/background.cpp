// start, stop, restart.
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "app/command_line.h"
#include "app/daemon.h"
#include "app/run.h"
#include "app/running.h"
#include "app/terminal.h"
#include "app/verbs.h"
#include "base/clock.h"

namespace sluice::app {
namespace {

using std::chrono::milliseconds;

// The words of the last start, a line each, for restart.
constexpr std::string_view kStartFile = "start";

constexpr Option kStartOptions[] = {
    {"log",
     OptionKind::Text,
     "",
     "the log file; none given: sluice.log in the state folder",
     {},
     false,
     "FILE"},
    {"timeout", OptionKind::Duration, "10s",
     "how long to wait for its first connection before saying that it still tries"},
};
constexpr OptionGroup kStartGroups[] = {{"Options", [] { return std::span<const Option>(kStartOptions); }}};
constexpr Argument kFile[] = {{"FILE", "the configuration [sluice.yaml]"}};
constexpr Argument kPlace[] = {{"FILE", "the configuration, or the state folder itself [sluice.yaml]"}};
constexpr Example kStartExamples[] = {
    {"sluice start", "the pipeline of ./sluice.yaml"},
    {"sluice start shop.yaml --log /var/log/shop.log", "with its log elsewhere"}};

constexpr Option kStopOptions[] = {
    {"timeout", OptionKind::Duration, "30s", "how long to wait for the delivery in hand"},
};
constexpr OptionGroup kStopGroups[] = {{"Options", [] { return std::span<const Option>(kStopOptions); }}};
constexpr Example kStopExamples[] = {{"sluice stop", "the pipeline of ./sluice.yaml"},
                                     {"sluice stop ./shop-state --timeout 5m", "named by its state folder"}};
constexpr Example kRestartExamples[] = {{"sluice restart", "with the configuration as it is now"}};

Result<void> remember(const std::string& folder, const std::vector<std::string>& words) {
  std::string path = fmt::format("{}/{}", folder, kStartFile);
  std::ofstream file(path, std::ios::trunc);
  for (const std::string& word : words) file << word << '\n';
  file.close();
  if (!file) {
    return fatal(
        "cannot write {}: {}; this user needs the right to write in the state folder, and room there", path,
        std::strerror(errno));
  }
  return {};
}

Result<int> start(const Invocation& invocation) {
  const Settings& options = invocation.group("Options");
  SLUICE_ASSIGN(path, absolute(invocation.argument(0, "sluice.yaml")));
  std::vector<std::string> words = {path};
  std::string log_file = options.text("log");
  if (!log_file.empty()) {
    SLUICE_ASSIGN(log_path, absolute(log_file));
    log_file = log_path;
    words.push_back("--log=" + log_file);
  }
  if (invocation.common().given("log_level")) {
    words.push_back("--log-level=" + invocation.common().text("log_level"));
  }
  set_log_level(invocation.common());
  SLUICE_ASSIGN(config, load_config(path));
  SLUICE_ASSIGN(folder, absolute(config.pipeline.text("state")));
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fatal("cannot make the state folder {}: {}", folder, std::strerror(errno));
  }
  SLUICE_ASSIGN(there, ask_status(folder));
  if (there) return fatal("it runs already, with pid {}; see 'sluice status {}'", there->pid, folder);
  SLUICE_ASSIGN(plan, plan_of(std::move(config)));
  if (log_file.empty()) log_file = folder + "/sluice.log";
  SLUICE_TRY(remember(folder, words));
  SLUICE_ASSIGN(started, start_daemon(std::move(plan), folder, log_file, options.duration("timeout")));
  std::string note =
      started.connected ? "" : fmt::format("\nnot connected yet, it goes on trying: {}", started.reason);
  SLUICE_TRY(print(fmt::format("started with pid {}; log: {}{}\n", started.pid, log_file, note)));
  return 0;
}

// Asks the process to stop, and waits until it is gone. False: there was none.
Result<bool> stop_running(const std::string& folder, milliseconds timeout) {
  SLUICE_ASSIGN(there, ask_status(folder));
  if (!there) return false;
  auto process = static_cast<int>(::syscall(SYS_pidfd_open, there->pid, 0));
  if (process < 0) return true;  // gone already
  auto asked = ask_stop(folder);
  pollfd gone{process, POLLIN, 0};
  int ready = asked ? ::poll(&gone, 1, static_cast<int>(std::min<int64_t>(timeout.count(), INT_MAX))) : 0;
  ::close(process);
  if (!asked) return tl::unexpected(asked.error());
  if (ready == 1) return true;
  return fatal(
      "pid {} is still finishing the delivery in hand after {} ms; wait, or end it with 'kill -9 {}': what "
      "is not saved yet "
      "comes again at the next start",
      there->pid, timeout.count(), there->pid);
}

Result<int> stop(const Invocation& invocation) {
  SLUICE_ASSIGN(folder, state_folder(invocation.argument(0, "sluice.yaml")));
  SLUICE_ASSIGN(stopped_one, stop_running(folder, invocation.group("Options").duration("timeout")));
  SLUICE_TRY(print(stopped_one ? "stopped\n" : fmt::format("nothing runs in {}\n", folder)));
  return 0;
}

Result<int> restart(const Invocation& invocation) {
  SLUICE_ASSIGN(folder, state_folder(invocation.argument(0, "sluice.yaml")));
  std::string path = fmt::format("{}/{}", folder, kStartFile);
  std::ifstream file(path);
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word);) words.push_back(word);
  if (words.empty()) return usage("{} has never been started in the background; use 'sluice start'", folder);
  if (invocation.common().given("log_level")) {
    words.push_back("--log-level=" + invocation.common().text("log_level"));
  }
  SLUICE_ASSIGN(again, parse_command_line(start_command, words));
  // A configuration that is wrong now must not cost the process that runs.
  SLUICE_ASSIGN(config, load_config(words.front()));
  SLUICE_ASSIGN(plan, plan_without_source(config));
  SLUICE_TRY(check_places(plan));
  SLUICE_ASSIGN(stopped_one, stop_running(folder, invocation.group("Options").duration("timeout")));
  SLUICE_TRY(print(stopped_one ? "stopped\n" : fmt::format("nothing runs in {}\n", folder)));
  return start(again);
}

}  // namespace

const Command start_command = {"start",
                               "run the pipeline of a sluice.yaml in the background",
                               "Checks the configuration, asks for the password if it has to, and comes back "
                               "once the pipeline reads or has failed; then "
                               "it says why. The state folder holds the process's number (sluice.pid) and "
                               "its log (sluice.log), which SIGHUP reopens.",
                               kFile,
                               kStartGroups,
                               kStartExamples,
                               start};

const Command stop_command = {"stop",
                              "end a pipeline in the background",
                              "The delivery in hand is finished and saved first. Where nothing runs, there "
                              "is nothing to do, and that is fine.",
                              kPlace,
                              kStopGroups,
                              kStopExamples,
                              stop};

const Command restart_command = {
    "restart",
    "stop, then start with the options of the last start",
    "The configuration is read anew, and checked before the running process is stopped.",
    kPlace,
    kStopGroups,
    kRestartExamples,
    restart};

}  // namespace sluice::app
