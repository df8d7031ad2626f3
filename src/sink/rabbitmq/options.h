// What the operator chose for a sink of the type rabbitmq.
#pragma once

#include <string>
#include <vector>

#include "base/option.h"
#include "sink/rabbitmq/channel.h"
#include "sink/rabbitmq/declaration.h"

namespace sluice::rabbitmq {

struct RabbitmqOptions {
  ChannelSetup channel;
  std::string exchange;  // empty: the default one, whose routing keys are names of queues
  std::vector<Declaration> declarations;
  bool mandatory = true, persistent = true;
  std::string expiration;    // milliseconds, as AMQP has them; empty: none
  std::string content_type;  // empty: as the message looks
  size_t window = 0;         // messages without a confirmation
};

std::span<const Option> option_table();
Result<RabbitmqOptions> parse_options(const Settings& settings);

}  // namespace sluice::rabbitmq
