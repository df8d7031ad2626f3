// help, version, completion.
#include <unistd.h>

#include "app/config.h"
#include "app/engine_status.h"
#include "app/help.h"
#include "app/terminal.h"
#include "app/verbs.h"

namespace sluice::app {
namespace {

constexpr Option kHelpOptions[] = {
    {"man", OptionKind::Boolean, "", "print the manual page, for 'man -l' or a package"},
    {"markdown", OptionKind::Choice, "", "print a page of the documentation", "cli|configuration|metrics"},
};
constexpr OptionGroup kHelpGroups[] = {{"Other forms", [] { return std::span<const Option>(kHelpOptions); }}};
constexpr Argument kHelpArguments[] = {{"COMMAND", "the command to explain; none: an overview"}};
constexpr Example kHelpExamples[] = {
    {"sluice help decode", "what decode does and takes, the same as 'sluice decode --help'"},
    {"sluice help --man > sluice.1", "the manual page"}};

Result<int> run_help(const Invocation& invocation) {
  const Settings& forms = invocation.group("Other forms");
  Look look = Look::of(STDOUT_FILENO);
  std::string text;
  if (forms.boolean("man")) {
    text = man_page();
  } else if (forms.given("markdown")) {
    const std::string page = forms.text("markdown");
    text = page == "cli" ? cli_markdown() : page == "metrics" ? metrics_markdown() : config_markdown();
  } else if (invocation.arguments.empty()) {
    text = help_overview(look);
  } else if (const Command* command = find_command(invocation.arguments[0])) {
    text = help_of(*command, look);
  } else {
    std::vector<std::string> names;
    for (const Command* known : commands()) names.emplace_back(known->name);
    return unknown_name("COMMAND", invocation.arguments[0], names);
  }
  SLUICE_TRY(print(text));
  return 0;
}

Result<int> run_version(const Invocation&) {
  SLUICE_TRY(print(fmt::format("sluice {}\n", SLUICE_VERSION)));
  return 0;
}

constexpr Argument kShell[] = {{"SHELL", "bash", false}};
constexpr Example kCompletionExamples[] = {
    {"source <(sluice completion bash)", "for this shell"},
    {"sluice completion bash > /usr/share/bash-completion/completions/sluice", "for everybody, as root"}};

Result<int> run_completion(const Invocation& invocation) {
  const std::vector<std::string> shells = {"bash"};
  std::string shell = invocation.argument(0, "bash");
  if (shell != "bash") return unknown_name("SHELL", shell, shells);
  SLUICE_TRY(print(bash_completion()));
  return 0;
}

}  // namespace

const Command help_command = {"help",      "explain the commands", "",      kHelpArguments,
                              kHelpGroups, kHelpExamples,          run_help};
const Command version_command = {"version", "print the version", "", {}, {}, {}, run_version};
const Command completion_command = {"completion",
                                    "print what teaches the shell to complete sluice's commands and options",
                                    "",
                                    kShell,
                                    {},
                                    kCompletionExamples,
                                    run_completion};

}  // namespace sluice::app
