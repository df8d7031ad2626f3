// Row events: the images of rows, decoded to cells by a plan that is made once per table version. Layout
// (libbinlogevents/include/rows_event.h; MariaDB sql/log_event.h):
//
//   table_id u48, flags u16, [version 2: extra length u16, extra], columns lenenc, present bitmap, [update:
//   present bitmap of the after image], then row images: null bitmap (one bit for each present column),
//   values
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "model/cell.h"
#include "model/change.h"
#include "wire/mysql/event.h"
#include "wire/mysql/table_map.h"

namespace sluice::mysql {

// Values that their own types forbid, so far.
struct Invalid {
  uint64_t text_bytes = 0;  // that their column's character set does not know
  uint64_t labels = 0;      // ENUM and SET numbers for which the column has none, the ENUM's 0 among them

  bool operator==(const Invalid&) const = default;
};

class RowPlan {
 public:
  RowPlan() = default;
  // `table` gives signs, character sets and types that the wire alone does not tell.
  static Result<RowPlan> make(const TableMap& map, const Table& table);

  size_t columns() const { return steps_.size(); }

  // Which columns an image carries. `bitmap` holds (columns + 7) / 8 bytes.
  class Image {
   public:
    Image(const RowPlan& plan, std::string_view bitmap);
    bool full() const { return full_; }
    uint32_t present() const { return present_; }
    bool has(size_t column) const { return bits_[column / 8] >> (column % 8) & 1; }

   private:
    const uint8_t* bits_;
    uint32_t present_ = 0;
    bool full_ = false;
  };

  // Decodes one image at `at`; text that needs another character set goes into the arena. Returns the end of
  // the image, or null where the bytes make no sense. `invalid` counts on.
  const char* decode(const Image& image, const char* at, const char* end, Arena& arena, Row& row,
                     Invalid& invalid) const;
  // The same of the image after a PARTIAL_UPDATE_ROWS, in front of which the columns stand that have what was
  // changed in place of a document. `before`: the image before.
  const char* decode_partial(const Image& image, const char* at, const char* end, Arena& arena,
                             const Row& before, Row& row, Invalid& invalid) const;

 private:
  // How a column's bytes become a cell. Sized: behind a length prefix; Converted: so, in another
  // character set than UTF-8; Fixed: so, and padded to one length; Packed: so, and compressed.
  enum class Take : uint8_t {
    Int8,
    Int16,
    Int24,
    Int32,
    Int64,
    Uint8,
    Uint16,
    Uint24,
    Uint32,
    Uint64,
    Float,
    Double,
    Decimal,
    Year,
    Date,
    OldTime,
    OldDateTime,
    OldTimestamp,
    OldFraction,
    Timestamp,
    DateTime,
    Time,
    Bit,
    Number,
    Enum8,
    Enum16,
    Set,
    Sized,
    Converted,
    Fixed,
    Packed,
  };
  struct Step {
    Cell blank;  // kind, aux and size as every cell of this column has them
    Take take;
    uint8_t width = 0;                 // bytes of the value or of its length prefix
    uint16_t fixed = 0;                // of Fixed: bytes of the whole value; of Enum and Set: their members
    uint32_t size_mask = 0;            // of a length prefix: its bits of four bytes
    const Charset* convert = nullptr;  // text in this character set, to be made UTF-8; null: as it is
  };
  static Result<Step> make_step(const MapColumn& wire, const Column& column);
  static Step step_of(Kind kind, Take take, uint32_t width, uint8_t aux = 0, uint8_t aux2 = 0);
  static Result<Step> text_step(const Column& column, uint32_t prefix);
  static Result<Step> packed_step(const Column& column, uint32_t prefix);
  static Result<Step> fixed_step(const MapColumn& wire, const Column& column, uint32_t prefix);

  static const char* take(const Step& step, const char* at, const char* end, Arena& arena, Cell& cell,
                          uint32_t& converted, Invalid& invalid);
  static const char* take_sized(const Step& step, const char* at, size_t left, Cell& cell);
  static const char* take_made(const Step& step, const char* at, size_t left, Arena& arena, Cell& cell,
                               uint32_t& converted, Invalid& invalid);
  static const char* take_old(const Step& step, const char* at, size_t left, Cell& cell);
  static const char* convert(const Step& step, Arena& arena, Cell& cell, Invalid& invalid, const char* after,
                             uint32_t& converted);
  static const char* unpack(const Step& step, Arena& arena, Cell& cell, Invalid& invalid, const char* after,
                            uint32_t& converted);
  static const char* pad(const Step& step, Arena& arena, Cell& cell, const char* after, uint32_t& converted);

  std::vector<Step> steps_;
};

struct RowsEvent {
  uint64_t table_id = 0;
  bool statement_end = false;
  bool partial = false;  // the image after may have parts of JSON documents
  Op op = Op::Insert;
  uint64_t columns = 0;
  std::string_view before_bitmap,
      after_bitmap;  // an insert's only image is `after`, a delete's only one `before`
  std::string_view rows;
};

// `type` is one of the row event types; `body` is the event without header and checksum.
Result<RowsEvent> read_rows_event(EventType type, std::string_view body);

}  // namespace sluice::mysql
