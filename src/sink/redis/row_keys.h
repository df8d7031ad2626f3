// RowKey: names of Redis keys that are made of a row: `{database}:{table}:{key}`, `by_email:{column:email}`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/change.h"
#include "model/table.h"

namespace sluice::redis {

class RowKey {
 public:
  // A Usage fault names the place that is not known.
  static Result<RowKey> parse(std::string_view text);

  // For one version of a table.
  struct Bound {
    struct Part {
      std::string text;
      std::vector<uint32_t> columns;  // that follow the text, with commas between them
    };
    std::vector<Part> parts;
    std::string fault;  // why its rows have no such key; empty: they have
  };
  Bound bind(const Table& table) const;
  // Appends the key of `row`; a column that it lacks is taken from `other`. False: a column is NULL.
  static bool append(Bytes& out, const Bound& bound, const Table& table, const Row& row, const Row& other);

 private:
  enum class Place : uint8_t { Text, Database, Table, Key, Column };
  struct Part {
    Place place;
    std::string text;  // of Column, its name
  };
  std::vector<Part> parts_;
};

}  // namespace sluice::redis
