// Place: where a table is at a target whose tables are in databases or schemas.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sluice::mirror {

// Stands for a dot within a name, which is none between a database and a table.
constexpr char kDot = '\x1e';

// As Addressing::escape_place.
inline void escape_dots(Bytes& out, size_t begin) {
  std::replace(out.data() + begin, out.data() + out.size(), '.', kDot);
}

struct Place {
  std::string database, table;
};

// `database`: of a text without a dot.
inline Place read_place(std::string_view text, const std::string& database) {
  size_t dot = text.find('.');
  Place place{database, std::string(text)};
  if (dot != std::string_view::npos)
    place = {std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
  for (std::string* part : {&place.database, &place.table})
    std::replace(part->begin(), part->end(), kDot, '.');
  return place;
}

}  // namespace sluice::mirror
