// The texts that are made from the command tables.
#pragma once

#include <string>

#include "app/command.h"
#include "app/terminal.h"

namespace sluice::app {

std::string help_overview(const Look& look);
std::string help_of(const Command& command, const Look& look);
// `Usage: sluice tail [options] URL` without the first word.
std::string usage_line(const Command& command);
// `--from WHERE`, `--no-ddl`, `--help`.
std::string option_head(const Option& option);
// The sentence with its default: "how long to wait [3s]".
std::string option_help(const Option& option);

struct ExitCode {
  int code;
  std::string_view help;
};
std::span<const ExitCode> exit_codes();
std::span<const Example> environment();

std::string man_page();         // roff, section 1
std::string cli_markdown();     // docs/cli.md
std::string bash_completion();  // to be sourced

}  // namespace sluice::app
