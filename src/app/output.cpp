#include "app/output.h"

#include <algorithm>
#include <map>

#include "app/command_line.h"
#include "app/registry.h"

namespace sluice::app {
namespace {

const Option* find_option(std::span<const Option> options, std::string_view name) {
  auto found = std::find_if(options.begin(), options.end(), [&](const Option& o) { return o.name == name; });
  return found == options.end() ? nullptr : &*found;
}

// --set key=value: of the format or of the way out, whichever knows the key.
Result<void> set_one(LanePlan& plan, const std::string& key, const std::string& value) {
  std::vector<std::string> known;
  for (Settings* settings : {&plan.format_settings, &plan.sink_settings}) {
    for (const Option& option : settings->options()) known.emplace_back(option.name);
    const Option* option = find_option(settings->options(), key);
    if (!option) continue;
    std::vector<std::string> values = {value};
    if (option->kind == OptionKind::List) values = split_list(value);
    return settings->set(key, std::move(values), fmt::format("--set {}", key));
  }
  if (known.empty())
    return usage("--set: '{}' is not known: format {} has no options", key, plan.format->name);
  return unknown_name("--set", key, known);
}

// `with=source,tx` was split at its comma: a part without `=` belongs to the one before it.
Result<void> set_all(LanePlan& plan, const std::vector<std::string>& parts) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& part : parts) {
    size_t equals = part.find('=');
    if (equals == part.npos && pairs.empty()) return usage("--set: '{}': expected KEY=VALUE", part);
    if (equals == part.npos) {
      pairs.back().second += "," + part;
    } else {
      pairs.emplace_back(part.substr(0, equals), part.substr(equals + 1));
    }
  }
  for (auto& [key, value] : pairs) SLUICE_TRY(set_one(plan, key, value));
  return {};
}

}  // namespace

std::span<const Option> output_options() {
  static const Option table[] = {
      {"format", OptionKind::Choice, "json", "how a change is written", format_names()},
      {"with",
       OptionKind::List,
       "",
       "more about each change: source (file, position, GTID), tx (id, index, last), query (the statement)",
       {},
       false,
       "source,tx,query"},
      {"pretty", OptionKind::Boolean, "", "for people: indented, with colours on a terminal"},
      {"set",
       OptionKind::List,
       "",
       "an option of the format, as docs/configuration.md lists them; may be repeated",
       {},
       false,
       "KEY=VALUE"},
  };
  return table;
}

Result<LanePlan> output_plan(const Settings& output) {
  const SinkType* sink = find_sink("console");
  const FormatType* format = find_format(output.text("format"));
  LanePlan plan{"console", sink, Settings(sink->options), format, Settings(format->options)};
  if (output.given("with")) {
    if (!find_option(format->options, "with"))
      return usage("--with: format {} has no such choice", format->name);
    SLUICE_TRY(plan.format_settings.set("with", output.list("with"), "--with"));
  }
  plan.pretty = output.boolean("pretty");
  SLUICE_TRY(set_all(plan, output.list("set")));
  SLUICE_TRY(plan.sink_settings.finish("--set"));
  SLUICE_TRY(plan.format_settings.finish("--set"));
  return plan;
}

}  // namespace sluice::app
