// What the operator chooses of the format cloudevents.
#pragma once

#include <span>
#include <string>

#include "base/option.h"

namespace sluice::cloudevents {

struct Options {
  std::string source;   // a URI reference
  std::string type;     // what types begin with
  bool binary = false;  // attributes in headers, where the target has them
  bool http = false;    // headers as HTTP's binding names them, else as Kafka's does
};

std::span<const Option> option_table();
Result<Options> read_options(const Settings& settings);

// Text as an attribute may hold it: control characters become %XX, and with `uri` all that no URI has.
std::string attribute(std::string_view text, bool uri);

}  // namespace sluice::cloudevents
