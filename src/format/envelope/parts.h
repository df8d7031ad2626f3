// Parts: a style's template for one table version and operation, ready to be written.
#pragma once

#include <string_view>
#include <vector>

#include "format/envelope/style.h"
#include "format/snippet.h"

namespace sluice::envelope {

struct Part {
  Snippet text;
  char place;  // what stands behind it; 0: nothing, it is the last
};

struct Parts {
  std::vector<Part> parts;
  size_t bytes = 0;  // of all their texts

  // `app_id` and the names are put in; all other places remain.
  Parts(std::string_view pattern, std::string_view database, std::string_view table, std::string_view app_id);
};

}  // namespace sluice::envelope
