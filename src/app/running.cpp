#include "app/running.h"

#include <sys/stat.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <thread>

#include "app/config.h"
#include "app/control.h"
#include "app/terminal.h"
#include "app/verbs.h"
#include "base/one_line.h"

namespace sluice::app {
namespace {

constexpr Option kStatusOptions[] = {
    {"json", OptionKind::Boolean, "", "one line of JSON, with everything"},
    {"watch", OptionKind::Boolean, "", "again and again, until Ctrl-C or the end of the process"},
    {"every", OptionKind::Duration, "1s", "of --watch: how often", {}, false, {}, 100, 3'600'000},
};
constexpr OptionGroup kStatusGroups[] = {{"Options", [] { return std::span<const Option>(kStatusOptions); }}};
constexpr Argument kPlace[] = {{"FILE", "the configuration, or the state folder itself [sluice.yaml]"}};
constexpr Example kStatusExamples[] = {{"sluice status", "the pipeline of ./sluice.yaml"},
                                       {"sluice status --watch", "as it goes"},
                                       {"sluice status ./shop-state --json | jq .source", "for a script"}};

// Over what stood there before, on a terminal.
constexpr std::string_view kHome = "\033[H\033[J";

Result<int> run_status(const Invocation& invocation) {
  const Settings& options = invocation.group("Options");
  SLUICE_ASSIGN(folder, state_folder(invocation.argument(0, "sluice.yaml")));
  const bool json = options.boolean("json"), watch = options.boolean("watch");
  const bool paints = watch && !json && is_terminal(STDOUT_FILENO);
  for (;;) {
    SLUICE_ASSIGN(status, ask_status(folder));
    if (!status) {
      SLUICE_TRY(print(json ? "{\"running\":false}\n" : fmt::format("nothing runs in {}\n", folder)));
      return 1;
    }
    std::string text = json ? status->json + "\n" : status_table(*status);
    SLUICE_TRY(print(paints ? std::string(kHome) + text : watch && !json ? text + "\n" : text));
    if (!watch) return 0;
    std::this_thread::sleep_for(options.duration("every"));
  }
}

std::string text(const YAML::Node& node, const char* key) {
  YAML::Node value = node[key];
  return value && value.IsScalar() ? value.Scalar() : std::string();
}

// 1234567 as 1,234,567.
std::string grouped(std::string digits) {
  size_t end = digits.find('.');
  for (size_t at = std::min(end, digits.size()); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string megabytes(const std::string& bytes) {
  return fmt::format("{:.1f} MB", std::strtod(bytes.c_str(), nullptr) / 1e6);
}

void row(std::string& out, std::string_view head, std::string_view value) {
  out += fmt::format("{:<10} {}\n", head, on_one_line(value));
}

void source_rows(std::string& out, const YAML::Node& source) {
  if (text(source, "connected") != "true") {
    std::string reason = text(source, "reason");
    row(out, "source",
        fmt::format("{}, not connected{}{}", text(source, "server"), reason.empty() ? "" : ": ", reason));
  } else {
    std::string behind = text(source, "seconds_behind");
    row(out, "source",
        fmt::format("{}, connected, server {}", text(source, "server"), text(source, "version")));
    row(out, "position",
        fmt::format("{}, {}", text(source, "position"),
                    text(source, "idle") == "true" || behind.empty() ? "all read" : behind + " s behind"));
  }
}

// Values that could not be shown as what they are meant to be; empty: there are none.
std::string oddities(const YAML::Node& all) {
  const YAML::Node& source = all["source"];
  const std::pair<std::string, std::string_view> kinds[] = {
      {text(source, "invalid_bytes"), "bytes of text unknown to their character set"},
      {text(source, "invalid_labels"), "ENUM and SET values without a label"},
      {text(all, "malformed_json"), "damaged JSON documents"},
      {text(source, "skipped_events"), "events passed over"},
      {text(source, "ddl_not_understood"), "schema changes not understood"},
  };
  std::string odd;
  for (const auto& [count, what] : kinds) {
    if (count.empty() || count == "0") continue;
    odd += fmt::format("{}{} {}", odd.empty() ? "" : ", ", grouped(count), what);
  }
  return odd;
}

// Tables whose changes wait for somebody to tell their columns.
void aside_rows(std::string& out, const YAML::Node& source) {
  for (const auto& table : source["set_aside"]) {
    row(out, "set aside",
        fmt::format("{}.{}: {} events, {}, since {}; sluice schema repair tells its columns",
                    text(table, "db"), text(table, "table"), grouped(text(table, "events")),
                    megabytes(text(table, "bytes")), text(table, "since")));
  }
}

// Empty: the target has all that was read.
std::string lag(const YAML::Node& sink) {
  std::string seconds = text(sink, "seconds_behind"), bytes = text(sink, "bytes_behind");
  if (bytes.empty()) {
    return fmt::format("left behind since {}, {} s behind; it reads the log by itself",
                       text(sink, "left_behind_since"), grouped(seconds));
  }
  if (seconds.empty() || (seconds == "0" && bytes == "0")) return {};
  return fmt::format("{} s behind, {} of the log in hand", grouped(seconds), megabytes(bytes));
}

void sink_rows(std::string& out, const YAML::Node& sinks) {
  for (const auto& sink : sinks) {
    row(out, "sink",
        fmt::format("{}: {} since {}", text(sink, "name"), text(sink, "doing"), text(sink, "since")));
    row(out, "",
        fmt::format("{} changes, {}, {}/s", grouped(text(sink, "changes")), megabytes(text(sink, "bytes")),
                    grouped(text(sink, "changes_per_second"))));
    if (std::string behind = lag(sink); !behind.empty()) row(out, "", behind);
    std::string delivered = text(sink, "delivered");
    if (!delivered.empty()) row(out, "", fmt::format("delivered up to {}", delivered));
    std::string parked = text(sink, "parked");
    if (!parked.empty()) {
      row(out, "",
          fmt::format("{} messages are parked, {}; sluice dead list shows them", grouped(parked),
                      megabytes(text(sink, "parked_bytes"))));
    }
    std::string spilled = text(sink, "spilled_bytes"), held = text(sink, "spill_error");
    if (!spilled.empty()) row(out, "", fmt::format("{} wait on the disk", megabytes(spilled)));
    if (!held.empty()) row(out, "", fmt::format("the source waits: {}", held));
    std::string error = text(sink, "last_error");
    if (!error.empty()) row(out, "", fmt::format("last error, {}: {}", text(sink, "last_error_at"), error));
  }
}

}  // namespace

std::string status_table(const RunningStatus& status) {
  YAML::Node all = YAML::Load(status.json);
  std::string out;
  row(out, "pipeline",
      fmt::format("{}, pid {}, since {}, sluice {}", text(all, "name"), text(all, "pid"), text(all, "since"),
                  text(all, "version")));
  source_rows(out, all["source"]);
  std::string error = text(all, "source_error");
  if (!error.empty()) row(out, "", fmt::format("since {}: {}", text(all, "source_error_since"), error));
  row(out, "read",
      fmt::format("{} changes, {} of the log", grouped(text(all, "changes")),
                  megabytes(text(all, "log_bytes"))));
  aside_rows(out, all["source"]);
  std::string odd = oddities(all);
  if (!odd.empty()) row(out, "", odd);
  row(out, "memory",
      fmt::format("{}, {} of {} batches free", megabytes(text(all, "resident_bytes")),
                  text(all, "batches_free"), text(all, "batches_total")));
  sink_rows(out, all["sinks"]);
  for (const auto& sink : all["absent_sinks"]) {
    row(out, "absent",
        fmt::format("{}: no longer named, delivered up to {}; 'sluice forget' gives that up",
                    text(sink, "name"), text(sink, "position")));
  }
  return out;
}

Result<std::optional<RunningStatus>> ask_status(const std::string& folder) {
  SLUICE_ASSIGN(answer, ask_control(folder, {"status"}));
  if (answer.empty()) return std::nullopt;
  RunningStatus status;
  // JSON is YAML too.
  try {
    YAML::Node all = YAML::Load(answer);
    status.pid = all["pid"].as<pid_t>();
    status.connected = text(all["source"], "connected") == "true";
    status.reason = text(all["source"], "reason");
  } catch (const YAML::Exception& failure) {
    return fatal("cannot understand the process of {}: {}", folder, failure.what());
  }
  status.json = std::move(answer);
  return status;
}

Result<void> ask_stop(const std::string& folder) {
  SLUICE_TRY(ask_control(folder, {"stop"}));
  return {};
}

Result<std::string> absolute(std::string_view path) {
  if (path.starts_with('/')) return std::string(path);
  while (path.starts_with("./")) path.remove_prefix(2);
  char here[PATH_MAX];
  if (!::getcwd(here, sizeof here)) return fatal("cannot tell the current folder: {}", std::strerror(errno));
  return fmt::format("{}/{}", here, path);
}

Result<std::string> state_folder(const std::string& argument) {
  struct stat facts;
  if (::stat(argument.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode)) return absolute(argument);
  SLUICE_ASSIGN(config, load_config(argument));
  return absolute(config.pipeline.text("state"));
}

const Command status_command = {"status",
                                "show what a pipeline is doing",
                                "The exit code is 0 while it runs, and 1 when nothing runs.",
                                kPlace,
                                kStatusGroups,
                                kStatusExamples,
                                run_status};

}  // namespace sluice::app
