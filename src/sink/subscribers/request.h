// Request: what a client asks for in JSON: {"subscribe": ["shop.*"], "operations": ["insert"], "after": "…"}.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::subscribers {

struct Request {
  std::optional<std::string> token;
  std::optional<std::vector<std::string>> topics, operations;
  // The id of the last change that the client has; empty: all that is held.
  std::optional<std::string> after;
  // A condition; empty: none.
  std::optional<std::string> where;

  // A Usage fault: it is none.
  static Result<Request> parse(std::string_view json);

  // What it does not say itself, as `other` says it.
  void add(Request other);
};

}  // namespace sluice::subscribers
