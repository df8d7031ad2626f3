// What an error number of the server or of the client library means for us: whether trying again can help,
// and what to do.
#pragma once

#include <string_view>

#include "base/result.h"

namespace sluice::mysql {

// "cannot `attempt` (`address`): `message` (error `code`); what to do". `keeps_state`: of who reads.
Failure server_failure(unsigned code, std::string_view message, std::string_view attempt,
                       std::string_view address, bool keeps_state);

// How a reader whose log is gone begins anew, as part of a sentence. A place may be saved in its state
// folder, else it was named on the command line.
std::string_view how_to_begin_anew(bool keeps_state);

}  // namespace sluice::mysql
