// Names as PostgreSQL quotes them.
#pragma once

#include <string>
#include <string_view>

#include "mirror/place.h"

namespace sluice::postgresql {

// NAMEDATALEN - 1: the server would cut the rest off in silence.
constexpr size_t kMostNameBytes = 63;

inline std::string quoted(std::string_view name) {
  std::string made = "\"";
  for (char c : name) made.append(c == '"' ? 2 : 1, c);
  return made + '"';
}

inline std::string quoted(const mirror::Place& place) {
  return quoted(place.database) + "." + quoted(place.table);
}

}  // namespace sluice::postgresql
