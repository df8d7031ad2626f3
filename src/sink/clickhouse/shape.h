// Shape: the columns of a table at the target, as a heading says them and as the server does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/table.h"
#include "sink/clickhouse/options.h"

namespace sluice::clickhouse {

struct Shape {
  struct Part {
    std::string name;  // quoted
    std::string type;
    bool operator==(const Part&) const = default;
  };
  std::vector<Part> columns;
  std::vector<std::string> key;  // quoted

  static Shape of(const Table& table, const RowOptions& options);
  // A line a column, and one of the key.
  std::string text() const;
  static Shape parse(std::string_view text);
  const Part* find(std::string_view name) const;
  // `a`, `b` of them all.
  std::string names() const;
};

// Fields of TabSeparated, without the escapes.
std::vector<std::vector<std::string>> parse_tsv(std::string_view text);

}  // namespace sluice::clickhouse
