// What the operator chose for a sink of the type nats.
#pragma once

#include <string>

#include "base/option.h"
#include "sink/nats/connection.h"
#include "sink/nats/jetstream.h"

namespace sluice::nats {

struct NatsOptions {
  ConnectionSetup connection;
  StreamPlan stream;
  std::string subjects;  // all that the template may make, as a wildcard
  size_t window = 0;     // messages without an acknowledgement
};

std::span<const Option> option_table();
Result<NatsOptions> parse_options(const Settings& settings);

}  // namespace sluice::nats
