// Hashes that other systems use to choose a partition: the same key must go where their producers put it.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

// String.hashCode() of Java: over UTF-16 units. `text`: UTF-8; bytes that are none count as U+FFFD.
int32_t java_hash(std::string_view text);
// Kafka's own (org.apache.kafka.common.utils.Utils.murmur2): of the key's bytes.
int32_t murmur2(std::string_view bytes);

}  // namespace sluice
