// The commands, each in a file of its own (those of a pipeline in the background share background.cpp).
#pragma once

#include "app/command.h"

namespace sluice::app {

extern const Command tail_command;
extern const Command decode_command;
extern const Command doctor_command;
extern const Command init_command;
extern const Command check_command;
extern const Command run_command;
extern const Command start_command;
extern const Command stop_command;
extern const Command restart_command;
extern const Command status_command;
extern const Command dead_command;
extern const Command forget_command;
extern const Command schema_command;
extern const Command help_command;
extern const Command version_command;
extern const Command completion_command;

}  // namespace sluice::app
