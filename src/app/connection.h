// The database that a command or a pipeline reads: its options, and where its password comes from.
#pragma once

#include <span>

#include "base/option.h"

namespace sluice {
struct MysqlSourceSetup;
}

namespace sluice::app {

// `source:` of the configuration, and the connection options of the command line.
std::span<const Option> source_options();
// Everything that can be known to be wrong without asking the server.
Result<void> check_source(const Settings& source);

// The setup with a password: from where the settings say, else SLUICE_PASSWORD, else MYSQL_PWD, else, with a
// terminal at stdin, from the person in front of it.
Result<MysqlSourceSetup> source_setup(const Settings& source);

// Takes the passwords of URLs out of the program's own arguments, which everybody on the machine can read.
void scrub_arguments(int argc, char** argv);

}  // namespace sluice::app
