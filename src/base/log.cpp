#include "base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdlib>
#include <mutex>

#include "base/one_line.h"

namespace sluice::log {
namespace {

// UTC, so that a log line can be laid beside a change's `ts`.
constexpr const char* kPattern = "%Y-%m-%dT%H:%M:%S.%eZ %^%-7l%$ %v";

std::atomic<Level> threshold{Level::Info};
std::mutex guard;
std::string file_path;

std::shared_ptr<spdlog::logger> prepare(std::shared_ptr<spdlog::logger> logger) {
  logger->set_pattern(kPattern, spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::level::trace);
  logger->flush_on(spdlog::level::trace);
  return logger;
}

// Colours on a terminal, but for those who want none (no-color.org).
spdlog::color_mode colours() {
  const char* no_color = std::getenv("NO_COLOR");
  return no_color && *no_color ? spdlog::color_mode::never : spdlog::color_mode::automatic;
}

std::shared_ptr<spdlog::logger>& current() {
  static std::shared_ptr<spdlog::logger> logger = prepare(std::make_shared<spdlog::logger>(
      "sluice", std::make_shared<spdlog::sinks::stderr_color_sink_mt>(colours())));
  return logger;
}

}  // namespace

void set_level(Level level) { threshold = level; }
Level level() { return threshold.load(std::memory_order_relaxed); }

Result<void> to_file(const std::string& path) {
  try {
    auto logger = prepare(std::make_shared<spdlog::logger>(
        "sluice", std::make_shared<spdlog::sinks::basic_file_sink_mt>(path)));
    std::lock_guard lock(guard);
    current() = std::move(logger);
    file_path = path;
  } catch (const spdlog::spdlog_ex& failure) {
    return fatal("cannot open the log file {}: {}", path, failure.what());
  }
  return {};
}

void reopen() {
  std::string path;
  {
    std::lock_guard lock(guard);
    path = file_path;
  }
  if (path.empty()) return;
  if (auto result = to_file(path); !result) error("{}; going on with the old one", result.error().what);
}

void write(Level level, std::string_view message) {
  constexpr spdlog::level::level_enum levels[] = {spdlog::level::debug, spdlog::level::info,
                                                  spdlog::level::warn, spdlog::level::err};
  std::shared_ptr<spdlog::logger> logger;
  {
    std::lock_guard lock(guard);
    logger = current();
  }
  logger->log(levels[static_cast<int>(level)], "{}", on_one_line(message));
}

}  // namespace sluice::log
