// Subjects: what NATS takes of a name, and the subjects that a template may make.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sluice::nats {

// What fills a place is one token: full stops, wildcards, white space, control characters and the percent
// sign become %XX; nothing at all becomes a lone `%`. No two names become the same.
void escape_token(Bytes& out, size_t begin);

// Subjects that begin with `$` are the servers' own: that of a name becomes %24.
void escape_subject(std::string_view name, std::string& out);

// What is wrong with a subject that is sent to; empty: nothing.
std::string_view fault_of(std::string_view subject);

// All that the template may make, as a subscriber says it: `shop.{table}` is `shop.*`.
std::string wildcard_of(std::string_view text);

}  // namespace sluice::nats
