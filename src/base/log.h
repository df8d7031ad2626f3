// The program's log: one line a message on stderr (or in the log file), never on stdout, which belongs to the
// changes. Any thread may log. Colours on a terminal only.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace sluice::log {

enum class Level { Debug, Info, Warning, Error };

void set_level(Level level);
Level level();
// Appends to `path` from now on (SIGHUP-safe: reopened by reopen()).
Result<void> to_file(const std::string& path);
void reopen();
void write(Level level, std::string_view message);

template <class... A>
void debug(fmt::format_string<A...> words, A&&... values) {
  if (level() <= Level::Debug) write(Level::Debug, fmt::format(words, std::forward<A>(values)...));
}
template <class... A>
void info(fmt::format_string<A...> words, A&&... values) {
  if (level() <= Level::Info) write(Level::Info, fmt::format(words, std::forward<A>(values)...));
}
template <class... A>
void warning(fmt::format_string<A...> words, A&&... values) {
  write(Level::Warning, fmt::format(words, std::forward<A>(values)...));
}
template <class... A>
void error(fmt::format_string<A...> words, A&&... values) {
  write(Level::Error, fmt::format(words, std::forward<A>(values)...));
}

}  // namespace sluice::log
