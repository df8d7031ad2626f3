// Declaration: one line of `declare`: an exchange, a queue or a binding that is to be there.
//
//   exchange NAME TYPE [transient] [auto_delete] [ARGUMENT=VALUE...]
//   queue NAME [transient] [auto_delete] [ARGUMENT=VALUE...]
//   bind QUEUE to EXCHANGE [by KEY] [ARGUMENT=VALUE...]
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace sluice::rabbitmq {

class Channel;

struct Declaration {
  enum class What : uint8_t { Exchange, Queue, Binding };
  using Value = std::variant<bool, int64_t, std::string>;

  What what;
  std::string name;           // of a binding, the queue's
  std::string type;           // of an exchange
  std::string exchange, key;  // of a binding
  bool durable = true, auto_delete = false;
  std::vector<std::pair<std::string, Value>> arguments;

  // A Usage fault says what was expected.
  static Result<Declaration> parse(std::string_view line);
};

// Fatal where something of that name is there and is different.
Result<void> declare(Channel& channel, const Declaration& declaration);
// Fatal where there is no such exchange.
Result<void> expect_exchange(Channel& channel, const std::string& name);

}  // namespace sluice::rabbitmq
