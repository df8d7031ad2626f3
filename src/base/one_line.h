// Text of others on one line of ours.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// What servers say may hold what somebody wrote into a row. Control characters but tabs, which would end
// the line or steer a terminal, become \n and \xNN; so do bytes that are no UTF-8.
std::string on_one_line(std::string_view text);

}  // namespace sluice
