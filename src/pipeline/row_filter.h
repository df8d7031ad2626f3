// RowFilter: rules that choose rows by the values of their columns, as Maxwell's filter has them. Of the
// rules that fit a row the last one decides; a row that none fits is wanted.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "model/change.h"
#include "model/selection.h"
#include "model/table.h"

namespace sluice {

struct RowRule {
  bool include = false;
  Selection tables;
  std::string column;  // empty: of all rows of those tables. A table without such a column is not meant
  // What the column must hold, by its text as SELECT shows it. Neither: NULL, or the word; `any`: whatever
  // but NULL.
  std::optional<std::string> text;
  std::optional<Selection> regex;  // over the second name
  bool any = false;
};

class RowFilter {
 public:
  explicit RowFilter(std::vector<RowRule> rules) : rules_(std::move(rules)) {}

  // The rules that mean a table of this version.
  struct Bound {
    const RowRule* rule;
    uint32_t column;  // of rules over a column
  };
  std::vector<Bound> bind(const Table& table) const;
  // `bound`: of the change's table. A row is judged as it is behind the change, a deleted one as it was.
  static bool wants(const std::vector<Bound>& bound, const Change& change, Bytes& scratch);
  // What the rules over whole tables say: that decides on schema changes.
  bool wants_table(std::string_view database, std::string_view table) const;

 private:
  std::vector<RowRule> rules_;
};

}  // namespace sluice
