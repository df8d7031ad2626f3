// What an SQLSTATE of the server or a message of libpq means for us: whether trying again can help, and what
// to do.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::postgresql {

// "cannot `attempt` (`address`): `message` (SQLSTATE `state`); what to do". An empty state: the client
// library's own words.
Failure server_failure(std::string_view state, std::string_view message, std::string_view attempt,
                       std::string_view address);

// Of the words in which a login failed, told in the manner PQERRORS_VERBOSE: one line of them, and the state,
// if they have one.
struct LoginWords {
  std::string state, message;
};
LoginWords read_login_words(std::string_view words);

}  // namespace sluice::postgresql
