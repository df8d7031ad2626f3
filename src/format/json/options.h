// What the operator chooses of the format json.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/option.h"

namespace sluice::json {

enum class Layout : uint8_t {
  Nested,   // the row before and behind in objects of their own
  Flat,     // the columns beside the fields
  Changed,  // as Nested, of an update only what it changed
};

struct Options {
  bool source = false, tx = false, query = false;
  std::string name;
  Layout layout = Layout::Nested;
  std::string prefix;  // of the fields' names in the flat layout
  bool camel_case = false;
  bool nulls = true;
  bool big_as_text = false;
};

std::span<const Option> option_table();
Result<Options> read_options(const Settings& settings);

}  // namespace sluice::json
