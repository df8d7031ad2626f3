// Names of topics: what Kafka takes of a destination's name.
#pragma once

#include <string>
#include <string_view>

namespace sluice::kafka {

// Kafka takes 1 to 249 of [a-zA-Z0-9._-], and neither "." nor ".." (org.apache.kafka.common.internals.Topic).
// Every other character becomes `_`, one of four bytes in UTF-8 two of them, as programs in Java do it; what
// is longer is cut.
void escape_topic(std::string_view name, std::string& out);

}  // namespace sluice::kafka
