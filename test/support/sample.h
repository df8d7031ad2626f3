// Sample: a batch made by hand, for tests of what reads batches.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "model/batch.h"

namespace sluice::sample {

inline Cell missing() { return {}; }
inline Cell null() { return {.kind = Kind::Null}; }

inline Cell of(Kind kind, uint64_t u, uint8_t aux = 0) {
  Cell cell{.kind = kind, .aux = aux};
  cell.u = u;
  return cell;
}
inline Cell integer(int64_t i) { return of(Kind::Int, static_cast<uint64_t>(i)); }
inline Cell real(Kind kind, double d) {
  Cell cell{.kind = kind};
  cell.d = d;
  return cell;
}
Cell date(unsigned year, unsigned month, unsigned day);
Cell datetime(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second,
              unsigned microsecond, uint8_t digits);
// Negative: -1 as `sign`.
Cell time(int sign, unsigned hours, unsigned minutes, unsigned seconds, unsigned microseconds,
          uint8_t digits);
Cell timestamp(uint64_t seconds, unsigned microseconds, uint8_t digits);

// MySQL's packed form of a decimal given as text (`-12.50`).
std::string packed_decimal(std::string_view text, unsigned precision, unsigned scale);

std::string unhex(std::string_view text);

class Sample {
 public:
  Sample();  // one transaction and one event, which all changes share

  Batch batch;
  Transaction& transaction() { return batch.transactions[0]; }
  Event& event() { return batch.events[0]; }

  // Texts of events and transactions are copied into the batch as well: readers may look a little beyond
  // their ends.
  std::string_view keep(std::string_view text) { return batch.arena.copy(text); }

  // Cells whose bytes are copied into the batch.
  Cell bytes(Kind kind, std::string_view bytes);
  Cell text(std::string_view text) { return bytes(Kind::Text, text); }
  Cell decimal(std::string_view text, unsigned precision, unsigned scale);

  Row row(const std::vector<Cell>& cells);
  // Adds a change; an empty list of cells is an absent image.
  Change add(Op op, const TablePtr& table, const std::vector<Cell>& before, const std::vector<Cell>& after);
};

Column column(std::string name, ColumnType type, std::vector<std::string> members = {});
TablePtr table(std::string database, std::string name, std::vector<Column> columns,
               std::vector<uint32_t> key = {});

}  // namespace sluice::sample
