#include "app/command.h"

#include <algorithm>

#include "app/verbs.h"
#include "base/check.h"
#include "base/log.h"

namespace sluice::app {
namespace {

constexpr Option kCommon[] = {
    {"help", OptionKind::Boolean, "", "show what this command does and takes"},
    {"log_level", OptionKind::Choice, "info", "the least important log line that is written to stderr",
     "debug|info|warning|error"},
};

// In the order in which help lists them: what a newcomer needs first.
constexpr const Command* kCommands[] = {
    &tail_command,   &decode_command, &doctor_command,  &init_command,      &check_command, &run_command,
    &start_command,  &stop_command,   &restart_command, &status_command,    &dead_command,  &forget_command,
    &schema_command, &help_command,   &version_command, &completion_command};

}  // namespace

std::span<const Command* const> commands() { return kCommands; }

const Command* find_command(std::string_view name) {
  for (const Command* command : kCommands) {
    if (command->name == name) return command;
  }
  return nullptr;
}

std::span<const Option> common_options() { return kCommon; }

void set_log_level(const Settings& common) {
  constexpr std::pair<std::string_view, log::Level> kLevels[] = {{"debug", log::Level::Debug},
                                                                 {"info", log::Level::Info},
                                                                 {"warning", log::Level::Warning},
                                                                 {"error", log::Level::Error}};
  std::string chosen = common.text("log_level");
  for (auto [name, level] : kLevels) {
    if (name == chosen) log::set_level(level);
  }
}

bool offered(const OptionGroup& group, const Option& option) {
  if (option.kind == OptionKind::Secret) return false;
  std::vector<std::string> names = split_choices(group.left_out);
  return std::find(names.begin(), names.end(), option.name) == names.end();
}

std::string flag(const Option& option) {
  std::string name(option.name);
  std::replace(name.begin(), name.end(), '_', '-');
  bool on = option.kind == OptionKind::Boolean && option.fallback == "true";
  return (on ? "--no-" : "--") + name;
}

Invocation::Invocation(const Command& command) : command_(&command) {
  for (const OptionGroup& group : command.groups) settings_.emplace_back(group.options());
  settings_.emplace_back(common_options());
}

const Settings& Invocation::group(std::string_view title) const {
  for (size_t i = 0; i < command_->groups.size(); ++i) {
    if (command_->groups[i].title == title) return settings_[i];
  }
  CHECK(!"a group that the command has");
}

Settings& Invocation::group(std::string_view title) {
  return const_cast<Settings&>(std::as_const(*this).group(title));
}

Settings* Invocation::owner(std::string_view option) {
  auto has = [&](const Option& known) { return known.name == option; };
  for (size_t i = 0; i < command_->groups.size(); ++i) {
    const OptionGroup& group = command_->groups[i];
    std::span<const Option> options = settings_[i].options();
    auto found = std::find_if(options.begin(), options.end(), has);
    if (found != options.end() && offered(group, *found)) return &settings_[i];
  }
  return std::any_of(std::begin(kCommon), std::end(kCommon), has) ? &settings_.back() : nullptr;
}

std::string Invocation::argument(size_t i, std::string_view fallback) const {
  return i < arguments.size() ? arguments[i] : std::string(fallback);
}

}  // namespace sluice::app
