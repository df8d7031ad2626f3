// What the operator chooses of canal's messages.
#pragma once

#include <span>

#include "base/option.h"

namespace sluice::canal {

struct Options {
  bool flat = true;     // JSON, else protobuf
  bool strict = false;  // values as canal itself spells them, its oddities with them
  // Of protobuf.
  bool framed = false;               // each Packet behind its size, as canal's server sends it
  bool transaction_entries = false;  // TRANSACTIONBEGIN and TRANSACTIONEND around the rows
};

std::span<const Option> option_table();
Options read_options(const Settings& settings);

}  // namespace sluice::canal
