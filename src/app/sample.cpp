// The sample configuration and docs/configuration.md, both from the option tables.
#include <algorithm>

#include "app/config.h"
#include "app/connection.h"
#include "app/masking.h"
#include "app/registry.h"
#include "app/routing.h"
#include "app/terminal.h"

namespace sluice::app {
namespace {

struct Example {
  std::string_view option;
  std::string_view value;
};

// What the sample says in plain; every other option stands there as a comment with its default.
constexpr Example kPipelineExamples[] = {{"name", "shop"}, {"state", "./shop-state"}};
constexpr Example kSourceExamples[] = {{"url", "mysql://sluice@127.0.0.1:3306/"}};
constexpr Example kLaneExamples[] = {{"sink", "file"}, {"format", "json"}, {"path", "./changes.jsonl"}};

std::string shown_value(const Option& option) {
  if (option.kind == OptionKind::List)
    return option.fallback.empty() ? "[]" : fmt::format("[{}]", option.fallback);
  return option.fallback.empty() ? "..." : std::string(option.fallback);
}

void sample_option(std::string& out, const Option& option, std::span<const Example> examples,
                   std::string_view indent) {
  std::string comment = fmt::format("{}# ", indent);
  std::string help(option.help);
  if (!option.choices.empty()) {
    std::string choices(option.choices);
    std::replace(choices.begin(), choices.end(), '|', ' ');
    help += fmt::format(" (of: {})", choices);
  }
  std::string wrapped = wrap(help, 0, 100 - static_cast<unsigned>(indent.size()));
  for (size_t at = 0; (at = wrapped.find('\n', at)) != wrapped.npos; at += comment.size() + 1) {
    wrapped.insert(at + 1, comment);
  }
  out += comment + wrapped + "\n";
  auto plain = std::find_if(examples.begin(), examples.end(),
                            [&](const Example& e) { return e.option == option.name; });
  if (plain != examples.end()) {
    out += fmt::format("{}{}: {}\n", indent, option.name, plain->value);
  } else {
    out += fmt::format("{}#{}: {}\n", indent, option.name, shown_value(option));
  }
}

void sample_options(std::string& out, std::span<const Option> options, std::span<const Example> examples,
                    std::string_view indent) {
  for (const Option& option : options) sample_option(out, option, examples, indent);
}

void markdown_table(std::string& out, std::span<const Option> options) {
  if (options.empty()) {
    out += "\nNo keys of its own.\n";
    return;
  }
  out += "\n| key | value | default | meaning |\n|---|---|---|---|\n";
  for (const Option& option : options) {
    std::string value = option.kind == OptionKind::Boolean ? "true\\|false" : placeholder(option);
    if (option.kind != OptionKind::Boolean) {
      for (size_t at = 0; (at = value.find('|', at)) != value.npos; at += 2) value.insert(at, "\\");
    }
    std::string fallback = option.required ? "required" : fmt::format("`{}`", option.fallback);
    out += fmt::format("| `{}` | {} | {} | {} |\n", option.name, value, fallback == "``" ? "" : fallback,
                       option.help);
  }
}

}  // namespace

std::string sample_config() {
  std::string out =
      "# A pipeline of sluice. Check it: sluice check FILE; what the server lacks: sluice doctor FILE; "
      "start: sluice run "
      "FILE.\n# Values may hold ${NAME} or ${NAME:-default} from the environment. Relative paths count from "
      "this file's "
      "folder.\n# A line that begins with # shows a key with its default.\n\n";
  sample_options(out, pipeline_options(), kPipelineExamples, "");
  out += fmt::format("\n# {}\nsource:\n", sections()[0].help);
  sample_options(out, source_options(), kSourceExamples, "  ");
  out += fmt::format("\n# {}\nsinks:\n  changes:\n", sections()[1].help);
  sample_options(out, lane_options(), kLaneExamples, "    ");
  sample_options(out, view_options(), {}, "    ");
  const SinkType& sink = *find_sink("file");
  out += fmt::format("    # of sink: {} - {}\n", sink.name, sink.summary);
  sample_options(out, sink.options, kLaneExamples, "    ");
  const FormatType& format = *find_format("json");
  out += fmt::format("    # of format: {} - {}\n", format.name, format.summary);
  sample_options(out, format.options, {}, "    ");
  out += fmt::format("\n# {}\nmemory:\n", sections()[2].help);
  sample_options(out, memory_options(), {}, "  ");
  out += fmt::format(
      "\n# {}\n#masks:\n#  key_file: ./mask.key\n#  rules:\n#    - {{columns: \"*.phone\", with: phone}}\n",
      sections()[3].help);
  return out;
}

std::string config_markdown() {
  std::string out = R"(# The configuration file

This page is made from the program's own tables: `sluice help --markdown configuration > docs/configuration.md`.

One file describes one pipeline. `sluice init` writes a commented one, `sluice check` names every mistake in it with line
and column. Values may hold `${NAME}` or `${NAME:-default}`, taken from the environment; `$${` stands for a plain `${`.
Relative paths count from the folder of the file. Sizes are written `4096`, `64MB` (10^6) or `1GiB` (2^30); durations
`500ms`, `3s`, `10m`, `1h` or `7d`; a list as a YAML list, or as one text with commas.

    name: shop
    state: ./shop-state
    source:
      url: mysql://sluice@127.0.0.1:3306/
      password_file: ./password
    tables: ["shop.*", "!shop.tmp_*"]
    sinks:
      changes:
        sink: file
        path: ./changes.jsonl
        format: json

## At the top
)";
  markdown_table(out, pipeline_options());
  for (const SectionType& section : sections())
    out += fmt::format("\nSection `{}`: {}.\n", section.name, section.help);
  out += "\n## `source`\n";
  markdown_table(out, source_options());
  out += "\n## Every sink\n";
  markdown_table(out, lane_options());
  out += "\nWhat of the changes it gets:\n";
  markdown_table(out, view_options());
  out += R"(
Sinks whose target has places with names (topics, streams, URLs) also know these; docs/routing.md says how templates are
written:
)";
  markdown_table(out, address_options());
  out += "\nUnder `routes`, a section for each rule, of which the first that fits a table decides:\n";
  markdown_table(out, rule_options());
  for (const SinkType* sink : sinks()) {
    out += fmt::format("\n## `sink: {}`\n\n{}.{}\n", sink->name, sink->summary,
                       sink->encoder ? " It has messages of its own: `format` is left out." : "");
    markdown_table(out, sink->options);
  }
  for (const FormatType* format : formats()) {
    out += fmt::format("\n## `format: {}`\n\n{}.\n", format->name, format->summary);
    markdown_table(out, format->options);
  }
  out += "\n## `memory`\n";
  markdown_table(out, memory_options());
  out += "\n## `masks`\n";
  markdown_table(out, mask_options());
  out += R"(
Under `tags`, lists of patterns by a name of your choice. Under `rules`, a list; of the rules that fit a column the first
one decides (docs/masks.md):
)";
  markdown_table(out, mask_rule_options());
  for (const mask::MaskKind* kind : mask::kinds()) {
    out += fmt::format("\n### `with: {}`\n\nFor {}: {}.\n", kind->name, kind->takes, kind->help);
    markdown_table(out, kind->options);
  }
  return out;
}

}  // namespace sluice::app
