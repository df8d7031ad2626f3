#include "app/help.h"

#include <algorithm>

namespace sluice::app {
namespace {

constexpr ExitCode kExitCodes[] = {
    {0, "all went well; also where Ctrl-C, SIGTERM or a reader that had enough (`| head`) ended it"},
    {1,
     "the world failed: a server, a file, a network, a full disk; of `status`, nothing runs; of `doctor`, a "
     "fault"},
    {2, "a mistake in the command line or the configuration, found before anything was done"},
};

constexpr Example kEnvironment[] = {
    {"SLUICE_PASSWORD", "the password of the database user, where neither the URL nor a file gives it"},
    {"MYSQL_PWD", "the same, as other programs know it; SLUICE_PASSWORD goes first"},
    {"NO_COLOR", "set to anything: no colours on terminals either"},
};

struct Theme {
  std::string_view title;
  std::string_view commands;  // separated by `|`
};

constexpr Theme kThemes[] = {
    {"Look", "tail|decode|doctor"},
    {"Run a pipeline", "init|check|run"},
    {"In the background", "start|status|stop|restart"},
    {"About", "help|version|completion"},
};

// Two columns: the head, then the text, beside it where the head is short enough.
void entry(std::string& out, const Look& look, std::string_view head, std::string_view text) {
  constexpr unsigned kColumn = 26;
  out += "  " + look.cyan(head);
  if (head.size() + 4 > kColumn) {
    out.append("\n").append(kColumn, ' ');
  } else {
    out.append(kColumn - 2 - head.size(), ' ');
  }
  out += wrap(text, kColumn, look.width) + "\n";
}

void heading(std::string& out, const Look& look, std::string_view title) {
  out += "\n" + look.bold(title) + "\n";
}

void paragraphs(std::string& out, const Look& look, std::string_view text) {
  while (!text.empty()) {
    size_t end = std::min(text.find("\n\n"), text.size());
    out += "\n" + wrap(text.substr(0, end), 0, look.width) + "\n";
    text.remove_prefix(std::min(end + 2, text.size()));
  }
}

void exit_code_list(std::string& out, const Look& look) {
  heading(out, look, "Exit codes");
  for (const ExitCode& code : kExitCodes) entry(out, look, fmt::format("{}", code.code), code.help);
}

}  // namespace

std::span<const ExitCode> exit_codes() { return kExitCodes; }
std::span<const Example> environment() { return kEnvironment; }

std::string option_head(const Option& option) {
  std::string head = flag(option);
  if (option.name == "help") head = "-h, " + head;
  std::string value = placeholder(option);
  return value.empty() ? head : head + " " + value;
}

std::string option_help(const Option& option) {
  bool says_it = option.fallback.empty() || option.kind == OptionKind::Boolean;
  return says_it ? std::string(option.help) : fmt::format("{} [{}]", option.help, option.fallback);
}

std::string usage_line(const Command& command) {
  std::string line = fmt::format("sluice {} [options]", command.name);
  for (const Argument& argument : command.arguments) {
    std::string word = fmt::format("{}{}", argument.name, argument.repeated ? "..." : "");
    line += argument.required ? " " + word : " [" + word + "]";
  }
  return line;
}

std::string help_of(const Command& command, const Look& look) {
  std::string out =
      fmt::format("{} - {}\n", look.bold(fmt::format("sluice {}", command.name)), command.summary);
  out += "\n" + look.bold("Usage:") + " " + usage_line(command) + "\n";
  paragraphs(out, look, command.about);
  if (!command.arguments.empty()) heading(out, look, "Arguments");
  for (const Argument& argument : command.arguments) entry(out, look, argument.name, argument.help);
  for (const OptionGroup& group : command.groups) {
    heading(out, look, group.title);
    for (const Option& option : group.options()) {
      if (offered(group, option)) entry(out, look, option_head(option), option_help(option));
    }
  }
  heading(out, look, "General");
  for (const Option& option : common_options()) entry(out, look, option_head(option), option_help(option));
  if (!command.examples.empty()) heading(out, look, "Examples");
  for (const Example& example : command.examples) {
    out += fmt::format("  {}\n      {}\n", look.cyan(example.line), wrap(example.help, 6, look.width));
  }
  exit_code_list(out, look);
  return out;
}

std::string help_overview(const Look& look) {
  std::string out = look.bold("sluice") +
                    " - every row change of a MySQL or MariaDB server, exact, in order, without loss\n";
  out += "\n" + look.bold("Usage:") + " sluice COMMAND [options] [arguments]\n";
  for (const Theme& theme : kThemes) {
    heading(out, look, theme.title);
    for (const std::string& name : split_choices(theme.commands)) {
      entry(out, look, name, find_command(name)->summary);
    }
  }
  heading(out, look, "Try");
  const Example tries[] = {
      {"sluice tail mysql://user@host:3306/", "the changes of a running server, from now on"},
      {"sluice doctor mysql://user@host:3306/", "what the server lacks, and the statement that mends it"},
      {"sluice decode /var/lib/mysql/binlog.000042", "what happened, from a log file, without any server"},
      {"sluice help tail", "all that a command takes, with examples"},
  };
  for (const Example& example : tries) {
    out += fmt::format("  {}\n      {}\n", look.cyan(example.line), wrap(example.help, 6, look.width));
  }
  heading(out, look, "Environment");
  for (const Example& variable : kEnvironment) entry(out, look, variable.line, variable.help);
  exit_code_list(out, look);
  return out;
}

}  // namespace sluice::app
