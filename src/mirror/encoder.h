// The encoder of mirrors: changes become Records, spelt by the target's Spelling.
#pragma once

#include <memory>
#include <string>

#include "format/encoder.h"
#include "mirror/record.h"

namespace sluice::mirror {

// How a target writes types and values. One thread's own.
class Spelling {
 public:
  virtual ~Spelling() = default;
  // A column's type as CREATE TABLE has it.
  virtual std::string type(const Column& column, bool in_key) const = 0;
  // A value of a column that is there before the column was, as an ALTER TABLE adds it. `literal`: of the
  // source, unquoted; null: none was named.
  virtual std::string literal(const Column& column, const std::string* text) const = 0;
  // The values that follow are of this table.
  virtual void begin(const Table& table) = 0;
  // Of a present cell that is no JsonPatch.
  virtual void value(Bytes& out, const Cell& cell, uint32_t column) = 0;
  // Stands between values.
  virtual std::string_view comma() const = 0;
  // What finds a row that has no key by such a cell in this column, and stands between two of that.
  virtual void match(Bytes& out, const Cell& cell, uint32_t column) { value(out, cell, column); }
  virtual std::string_view conjunction() const { return comma(); }
  // Whether values had bytes that their character set does not know, since the last time this was asked.
  virtual bool met_invalid_text() = 0;
  // Why the target cannot hold one of the values since the last time this was asked; empty: it can.
  virtual std::string_view misfit() { return {}; }
  // An upsert's record has its key besides.
  virtual bool keyed() const = 0;
  virtual std::unique_ptr<Spelling> clone() const = 0;
};

enum class OnDdl : uint8_t { Apply, Ignore, Stop };
enum class Keyless : uint8_t { Refuse, Append, Match };

struct EncoderOptions {
  OnDdl ddl = OnDdl::Apply;
  Keyless keyless = Keyless::Refuse;
  bool refuse_invalid_text = false;
};

std::unique_ptr<Encoder> make_encoder(std::unique_ptr<Spelling> spelling, EncoderOptions options);

}  // namespace sluice::mirror
