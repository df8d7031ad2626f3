// Columns: the rows of a statement turned into one array a column, as array_recv of the server reads them
// (src/backend/utils/adt/arrayfuncs.c).
#pragma once

#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "client/postgresql/connection.h"

namespace sluice::postgresql {

class Columns {
 public:
  // Of these element types; no row yet.
  void begin(const std::vector<uint32_t>& types);
  // A row's fields.
  void add(std::string_view values);
  size_t rows() const { return rows_; }
  size_t bytes() const { return bytes_; }
  // One for each column; valid until the next begin().
  std::vector<Parameter> parameters();
  // Gives memory back that one huge row took.
  void shrink(size_t most);

 private:
  std::vector<Bytes> arrays_;
  size_t count_ = 0, rows_ = 0, bytes_ = 0;
};

}  // namespace sluice::postgresql
