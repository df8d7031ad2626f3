// BinaryRow: rows as the records of a binary format, Avro or Protobuf, by a BinaryRowPlan.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "format/binary_row_plan.h"
#include "format/spell.h"
#include "model/change.h"

namespace sluice {

// One thread's own.
template <SchemaLanguage kLanguage>
class BinaryRow {
 public:
  // A row with more bytes than this asks for room value by value: the bound of all of them together is many
  // times their size.
  static constexpr size_t kBigRow = 1 << 20;

  // What a row may take; a big one asks for more by itself.
  static size_t bound(const BinaryRowPlan& plan, const Row& row) {
    return plan.bound + (row.text_bytes > kBigRow ? 0 : 6 * size_t{row.text_bytes}) + kSlack;
  }

  // Appends the fields of a row. False: the row lacks the value of one that must be there, and what was
  // written is of no use.
  bool append(Bytes& out, const BinaryRowPlan& plan, const Row& row);
  // Of the columns `key` of the table, each from `row` or, where that lacks it, from `other`.
  bool append_key(Bytes& out, const BinaryRowPlan& plan, const std::vector<uint32_t>& key, const Row& row,
                  const Row& other);
  // Whether one of the rows since the last clear_seen() lacked a column, or had one changed within a
  // document.
  bool lacks() const { return lacks_; }
  void clear_seen() { lacks_ = false; }

 private:
  char* field(char* out, const BinaryRowPlan& plan, const BinaryColumn& column, const Cell& cell);
  char* value(char* out, const BinaryRowPlan& plan, const BinaryColumn& column, const Cell& cell);
  char* temporal(char* out, const BinaryColumn& column, const Cell& cell);

  DayMemo day_;
  bool lacks_ = false;
};

}  // namespace sluice
