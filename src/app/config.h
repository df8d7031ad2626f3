// sluice.yaml: one pipeline. Its keys are declared in option tables; `check`, the sample and
// docs/configuration.md read the same tables.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/option.h"

namespace sluice {
struct FormatType;
struct SinkType;
namespace mask {
struct MaskSetup;
}
}  // namespace sluice

namespace sluice::app {

struct LaneConfig {
  std::string name;
  std::string where;  // "sluice.yaml:12:3", for messages
  Settings own;       // lane_options()
  const SinkType* sink = nullptr;
  Settings sink_settings;
  const FormatType* format = nullptr;  // null: the sink has messages of its own
  Settings format_settings;
  Settings view;                // view_options()
  Settings address;             // address_options(), where the sink has addressing
  std::vector<Settings> rules;  // rule_options(), of its `routes`
};

struct Config {
  std::string path;   // as it was given
  Settings pipeline;  // pipeline_options()
  Settings source;    // source_options()
  Settings memory;    // memory_options()
  std::vector<LaneConfig> lanes;
  std::shared_ptr<const mask::MaskSetup> masks;  // null: none

  explicit Config(std::string path);
};

// The keys at the top that are no sections, those of `memory:`, and those of a sink that are neither the
// sink's own nor its format's.
std::span<const Option> pipeline_options();
std::span<const Option> memory_options();
std::span<const Option> lane_options();

struct SectionType {
  std::string_view name;
  std::string_view help;
};
std::span<const SectionType> sections();

// Every mistake at once, each with file, line, column and what was expected. `config` is there when there is
// no mistake.
struct ConfigReading {
  std::optional<Config> config;
  std::vector<std::string> mistakes;
};

// `path` stands in the messages; `text` is what the file holds. ${NAME} and ${NAME:-default} in values are
// taken from the environment, $${ stands for a plain ${.
ConfigReading read_config(std::string_view text, const std::string& path);

// The whole file, or a Usage fault: it was the operator who named it.
Result<std::string> read_file(const std::string& path);

// Reads the file, and makes its folder the current one: relative paths in it count from there. One Usage
// fault with all mistakes, a line each.
Result<Config> load_config(const std::string& path);

// A commented sluice.yaml that is right as it stands, but for the address.
std::string sample_config();
std::string config_markdown();  // docs/configuration.md

}  // namespace sluice::app
