// Debezium's messages in Avro or Protobuf (docs/formats/debezium.md).
#pragma once

#include <memory>

#include "format/debezium/options.h"
#include "format/encoder.h"

namespace sluice::debezium {

// `options.encoding` is not Json.
std::unique_ptr<Encoder> make_binary(const Options& options);

}  // namespace sluice::debezium
