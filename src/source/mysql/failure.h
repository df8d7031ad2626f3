// What an error number of the server or of the client library means for us: whether trying again can help,
// and what to do.
#pragma once

#include <string_view>

#include "base/result.h"

namespace sluice::mysql {

// "cannot `attempt` (`address`): `message` (error `code`); what to do".
Failure server_failure(unsigned code, std::string_view message, std::string_view attempt,
                       std::string_view address);

}  // namespace sluice::mysql
