// Command: one verb of the program. Command line, help, manual page, completion and the documentation are all
// made from these tables.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/option.h"

namespace sluice::app {

class Invocation;

struct Argument {
  std::string_view name;  // as the usage line shows it: FILE
  std::string_view help;
  bool required = false;
  bool repeated = false;
};

// Options under one heading. A function, because tables of other folders may not be ready while the program
// starts. On the command line `batch_bytes` is --batch-bytes; secrets are not offered there, as `ps` shows
// it.
struct OptionGroup {
  std::string_view title;
  std::span<const Option> (*options)();
  std::string_view left_out = {};  // names that this command takes otherwise, separated by `|`
};

struct Example {
  std::string_view line;
  std::string_view help;
};

struct Command {
  std::string_view name;
  std::string_view summary;  // without a full stop
  std::string_view about;    // paragraphs, separated by an empty line
  std::span<const Argument> arguments;
  std::span<const OptionGroup> groups;
  std::span<const Example> examples;
  // The exit code, or why there was none. A Usage fault becomes 2, any other 1.
  Result<int> (*run)(const Invocation&);
};

std::span<const Command* const> commands();
// Null: there is none of this name.
const Command* find_command(std::string_view name);

// Every command has these: --help, --log-level.
std::span<const Option> common_options();
void set_log_level(const Settings& common);

// Whether the command line offers this option of the group.
bool offered(const OptionGroup& group, const Option& option);
// --batch-bytes; for a switch that is on unless told otherwise, --no-ddl.
std::string flag(const Option& option);

// What was asked for: a command with its arguments and settings.
class Invocation {
 public:
  explicit Invocation(const Command& command);

  const Command& command() const { return *command_; }
  const Settings& group(std::string_view title) const;  // CHECKed
  Settings& group(std::string_view title);
  // Of the group that offers it; null: none does.
  Settings* owner(std::string_view option);
  const Settings& common() const { return settings_.back(); }

  std::vector<std::string> arguments;
  // The argument at `i`, or the fallback.
  std::string argument(size_t i, std::string_view fallback = {}) const;

 private:
  const Command* command_;
  std::vector<Settings> settings_;  // one for each group, then the common ones
};

}  // namespace sluice::app
