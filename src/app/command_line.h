// The command line, checked against the command's tables.
#pragma once

#include <string>
#include <vector>

#include "app/command.h"

namespace sluice::app {

// `words`: everything behind the command's name. With --help among them nothing has to be complete.
Result<Invocation> parse_command_line(const Command& command, const std::vector<std::string>& words);

// `shop.*,!shop.tmp_*` to its parts. A comma within /…/ belongs to the regular expression.
std::vector<std::string> split_list(std::string_view text);

}  // namespace sluice::app
