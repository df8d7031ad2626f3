// The manual page, docs/cli.md and the completion: the same tables as --help, in other clothes.
#include <algorithm>

#include "app/help.h"

namespace sluice::app {
namespace {

// Roff takes a backslash, and a dot or quote at a line's start, as its own.
std::string roff(std::string_view text) {
  std::string out;
  if (!text.empty() && (text.front() == '.' || text.front() == '\'')) out = "\\&";
  for (char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

void roff_entry(std::string& out, std::string_view head, std::string_view text) {
  out += fmt::format(".TP\n.B {}\n{}\n", roff(head), roff(text));
}

void roff_paragraphs(std::string& out, std::string_view text) {
  while (!text.empty()) {
    size_t end = std::min(text.find("\n\n"), text.size());
    out += fmt::format(".PP\n{}\n", roff(text.substr(0, end)));
    text.remove_prefix(std::min(end + 2, text.size()));
  }
}

void roff_command(std::string& out, const Command& command) {
  out += fmt::format(".SS {}\n.B {}\n.PP\n{}.\n", roff(fmt::format("sluice {}", command.name)),
                     roff(usage_line(command)), roff(command.summary));
  roff_paragraphs(out, command.about);
  for (const Argument& argument : command.arguments) roff_entry(out, argument.name, argument.help);
  for (const OptionGroup& group : command.groups) {
    out += fmt::format(".PP\n.I {}\n", roff(group.title));
    for (const Option& option : group.options()) {
      if (offered(group, option)) roff_entry(out, option_head(option), option_help(option));
    }
  }
  for (const Example& example : command.examples) roff_entry(out, example.line, example.help);
}

// In a cell of a table `|` would end the cell.
std::string cell(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

void markdown_options(std::string& out, std::span<const Option> options, const OptionGroup* group) {
  out += "\n| option | meaning | default |\n|---|---|---|\n";
  for (const Option& option : options) {
    if (group && !offered(*group, option)) continue;
    bool shown = !option.fallback.empty() && option.kind != OptionKind::Boolean;
    out += fmt::format("| `{}` | {} | {} |\n", cell(option_head(option)), cell(option.help),
                       shown ? fmt::format("`{}`", cell(option.fallback)) : "");
  }
}

void markdown_command(std::string& out, const Command& command) {
  out += fmt::format("\n## sluice {}\n\n{}.\n\n    {}\n", command.name, command.summary, usage_line(command));
  if (!command.about.empty()) out += fmt::format("\n{}\n", command.about);
  if (!command.arguments.empty()) out += "\n| argument | meaning |\n|---|---|\n";
  for (const Argument& argument : command.arguments) {
    out += fmt::format("| `{}` | {} |\n", argument.name, cell(argument.help));
  }
  for (const OptionGroup& group : command.groups) {
    out += fmt::format("\n### {} ({})\n", group.title, command.name);
    markdown_options(out, group.options(), &group);
  }
  if (!command.examples.empty()) out += "\nExamples:\n\n";
  for (const Example& example : command.examples)
    out += fmt::format("- `{}`: {}\n", example.line, example.help);
}

// The words of one command, for `compgen -W`.
std::string completion_words(const Command& command) {
  std::string words;
  auto add = [&](const Option& option) { words += flag(option) + " "; };
  for (const OptionGroup& group : command.groups) {
    for (const Option& option : group.options()) {
      if (offered(group, option)) add(option);
    }
  }
  for (const Option& option : common_options()) add(option);
  words.pop_back();
  return words;
}

// `tail:--format) words="json maxwell" ;;` for every option with a fixed set of values.
void completion_values(std::string& out, const Command& command, std::span<const Option> options,
                       const OptionGroup* group) {
  for (const Option& option : options) {
    if ((group && !offered(*group, option)) || option.choices.empty()) continue;
    std::string values(option.choices);
    std::replace(values.begin(), values.end(), '|', ' ');
    out += fmt::format("    {}:{}) words=\"{}\" ;;\n", command.name, flag(option), values);
  }
}

}  // namespace

std::string man_page() {
  std::string out = fmt::format(".TH SLUICE 1 \"\" \"sluice {}\" \"User Commands\"\n", SLUICE_VERSION);
  out +=
      ".SH NAME\nsluice \\- every row change of a MySQL or MariaDB server, exact, in order, without loss\n";
  out += ".SH SYNOPSIS\n.B sluice\n.I COMMAND\n[options] [arguments]\n.SH COMMANDS\n";
  for (const Command* command : commands()) roff_command(out, *command);
  out += ".SH OPTIONS OF EVERY COMMAND\n";
  for (const Option& option : common_options()) roff_entry(out, option_head(option), option_help(option));
  out += ".SH ENVIRONMENT\n";
  for (const Example& variable : environment()) roff_entry(out, variable.line, variable.help);
  out += ".SH EXIT STATUS\n";
  for (const ExitCode& code : exit_codes()) roff_entry(out, fmt::format("{}", code.code), code.help);
  return out;
}

std::string cli_markdown() {
  std::string out =
      "# The command line\n\nThis page is made from the program's own tables: `sluice help --markdown cli > "
      "docs/cli.md`.\n";
  out += "\n| command | what it does |\n|---|---|\n";
  for (const Command* command : commands()) {
    out += fmt::format("| [{}](#sluice-{}) | {} |\n", command->name, command->name, command->summary);
  }
  for (const Command* command : commands()) markdown_command(out, *command);
  out += "\n## Options of every command\n";
  markdown_options(out, common_options(), nullptr);
  out += "\n## Environment\n\n| variable | meaning |\n|---|---|\n";
  for (const Example& variable : environment())
    out += fmt::format("| `{}` | {} |\n", variable.line, variable.help);
  out += "\n## Exit codes\n\n| code | meaning |\n|---|---|\n";
  for (const ExitCode& code : exit_codes()) out += fmt::format("| {} | {} |\n", code.code, cell(code.help));
  return out;
}

std::string bash_completion() {
  std::string names, cases, values;
  for (const Command* command : commands()) {
    names += (names.empty() ? "" : " ") + std::string(command->name);
    cases += fmt::format("    {}) words=\"{}\" ;;\n", command->name, completion_words(*command));
    for (const OptionGroup& group : command->groups)
      completion_values(values, *command, group.options(), &group);
    completion_values(values, *command, common_options(), nullptr);
  }
  return fmt::format(
      R"(# bash completion of sluice: source it, or put it into /usr/share/bash-completion/completions/sluice
_sluice() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" command="${{COMP_WORDS[1]}}" words=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{0} --help --version" -- "$current"))
    return
  fi
  case "$command:$before" in
    help:*|completion:*) ;;
{2}  esac
  if [ "$command" = help ]; then
    words="{0}"
  elif [ "$command" = completion ]; then
    words="bash"
  elif [ -z "$words" ] && [ "${{current#-}}" != "$current" ]; then
    case "$command" in
{1}    esac
  fi
  if [ -n "$words" ]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}}
complete -o filenames -F _sluice sluice
)",
      names, cases, values);
}

}  // namespace sluice::app
