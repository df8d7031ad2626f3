// Template: text with places that a change fills in, for names of destinations and keys: `shop.{table}`,
// `{column:order_id}`. docs/routing.md lists the places.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "model/batch.h"

namespace sluice {

class Template {
 public:
  // A Usage fault names the place that is not known, and those that are.
  static Result<Template> parse(std::string_view text);

  // The columns of one table version that the template names, in the order of its places.
  using Columns = std::vector<uint32_t>;
  // Fails where the table lacks a column.
  Result<Columns> bind(const Table& table) const;

  // `row` is the image that is spoken of. A column that it lacks is taken from the change's other image; NULL
  // and what neither has are empty. `escape` spells what filled a place, `out` from `begin` on.
  using Escape = void (*)(Bytes& out, size_t begin);
  void render(const Batch& batch, const Change& change, const Row& row, const Columns& columns, Bytes& out,
              Escape escape = nullptr) const;

  // The same for all changes of a table.
  bool fixed_by_table() const;
  // Without places: the name itself, braces as they are meant. Nothing: it has places.
  std::optional<std::string> constant() const;
  const std::string& text() const { return text_; }
  // Where it is written (sluice.yaml:12:5), for messages.
  void stand_at(std::string place) { place_ = std::move(place); }

 private:
  enum class Place : uint8_t {
    Literal,  // the same for all changes of a table, up to Shape
    Database,
    Table,
    LowerDatabase,
    LowerTable,
    Shape,
    Key,
    RowIdentity,
    Op,
    Id,
    Transaction,
    Gtid,
    Xid,
    Time,
    Column,
    Hash
  };
  struct Part {
    Place place;
    // Of Literal; of Time as strftime takes it; of Column and Hash the column's name, empty for the whole
    // key.
    std::string text;
    uint32_t modulus = 0;  // of Hash
  };

  static Result<Part> parse_place(std::string_view inside, std::string_view whole);
  std::string text_, place_;
  std::vector<Part> parts_;
};

// The change's id, stable over every reading: its transaction's and its place in it.
void append_id(Bytes& out, const Batch& batch, const Change& change);
// The values of the primary key's columns with commas between them; of a table without one, nothing.
void append_key(Bytes& out, const Change& change, const Row& row);
// The value of a column in `row`, else in the change's other image; of NULL and where neither has it,
// nothing.
void append_value(Bytes& out, const Change& change, const Row& row, uint32_t column);

}  // namespace sluice
