// The options of the sink subscribers.
#pragma once

#include <span>

#include "base/option.h"
#include "net/listener.h"
#include "sink/subscribers/client.h"

namespace sluice::subscribers {

struct Setup {
  ListenAddress address;
  ServerTls tls;
  Shared shared;  // without ring and counts
  size_t most_clients = 0;
  bool rules = false;  // clients may have conditions
};

std::span<const Option> option_table();
Result<Setup> parse_options(const Settings& settings);

}  // namespace sluice::subscribers
