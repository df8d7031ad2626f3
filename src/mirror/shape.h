// Shape: a table as a mirror has it: the columns that are shown, in the target's types. It travels to the
// sink as the heading of a table's messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace sluice::mirror {

struct ShapeColumn {
  std::string name;
  std::string type;  // as a CREATE TABLE of the target has it
  bool operator==(const ShapeColumn&) const = default;
};

struct Shape {
  std::vector<ShapeColumn> columns;
  std::vector<uint32_t> key;  // ordinals in key order; empty: the table has none

  bool operator==(const Shape&) const = default;
  bool in_key(size_t column) const;
  const ShapeColumn* find(std::string_view name) const;
};

void append_shape(Bytes& out, const Shape& shape);
Shape parse_shape(std::string_view text);

// What a schema change does to a table's columns, in the order in which it is to be carried out.
struct Step {
  enum class What : uint8_t { Rename, Drop, Add, Modify };
  What what;
  std::string column;  // of Rename: the former name
  std::string detail;  // of Rename: the new name; of Add: the value of the rows that are there, as SQL
  bool operator==(const Step&) const = default;
};

void append_steps(Bytes& out, const std::vector<Step>& steps);
std::vector<Step> parse_steps(std::string_view text);

}  // namespace sluice::mirror
