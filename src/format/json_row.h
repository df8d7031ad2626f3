// JsonRow: rows as JSON objects with exact values (docs/formats/json.md, "Values"), for the formats of which
// they are a part.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "format/spell.h"
#include "model/change.h"
#include "model/table.h"

namespace sluice {

// What one version of a table makes of its rows, decided once.
struct JsonRowPlan {
  struct Text {
    const char* data;
    uint32_t size;
  };
  struct ColumnPlan {
    Text key;            // `,"name":"` without the last quote
    uint32_t labels_at;  // in `labels`
    uint32_t label_count;
  };

  explicit JsonRowPlan(TablePtr shared);

  TablePtr table;     // for its key
  std::string texts;  // each padded to a wide copy
  std::vector<ColumnPlan> columns;
  std::vector<Text> labels;  // of Enum: quoted; of Set: escaped, unquoted
  size_t bound = 0;          // of one row image without its text
};

// One thread's own. Every function writes at `out` and returns the end; what was written before may move, so
// that nothing but that end is to be kept.
class JsonRow {
 public:
  struct Shape {
    bool nulls = true;         // columns that are null are shown
    bool big_as_text = false;  // integers that a double may not hold are strings
    // As search engines tell dates and places: a T between the date and the time, geometry as well-known
    // text; and these two:
    bool documents = false;
    bool bare_decimals = false;   // decimals are numbers
    bool bad_dates_null = false;  // dates that no calendar has are null
  };

  JsonRow() = default;
  explicit JsonRow(Shape shape)
      : shape_(shape), shaped_(!shape.nulls || shape.big_as_text || shape.documents) {}

  // Begins a message of this change at the end of `bytes`: what follows may write its images and its key,
  // each once, and `others` bytes beside them. The caller commits.
  char* begin(Bytes& bytes, const JsonRowPlan& plan, const Change& change, size_t others);

  // {"id":1,"name":"pen"}
  char* object(char* out, const JsonRowPlan& plan, const Row& row);
  // ,"id":1,"name":"pen"
  char* members(char* out, const JsonRowPlan& plan, const Row& row);
  // Of an update, an object of the columns that it changed, as that image has them. A column that the row
  // before lacks counts as changed, one that the row after lacks does not.
  enum class Image : bool { Before, After };
  char* changed(char* out, const JsonRowPlan& plan, const Change& change, Image image);
  // An object of the primary key's columns, of which there are some.
  char* key(char* out, const JsonRowPlan& plan, const Change& change);
  // Whether a row written since begin() was said to be changed within documents, and how.
  bool has_patch() const { return has_patch_; }
  char* patches(char* out, const JsonRowPlan& plan, const Row& row);
  // Room for so many bytes more than begin() was told.
  char* more(char* out, size_t bytes) {
    ++message_;
    bytes_->commit(out);
    return bytes_->reserve(room_ + bytes);
  }

 private:
  char* close_object(size_t begin, char* out);
  template <bool kBig, bool kShaped>
  char* put_columns(char* out, const JsonRowPlan& plan, const Row& row);
  char* put_shaped(char* out, const JsonRowPlan& plan, const JsonRowPlan::ColumnPlan& column,
                   const Cell& cell);
  char* put_in_document(char* out, const JsonRowPlan& plan, const JsonRowPlan::ColumnPlan& column,
                        const Cell& cell);
  [[gnu::always_inline]] char* put_cell(char* out, const JsonRowPlan& plan,
                                        const JsonRowPlan::ColumnPlan& column, const Cell& cell);
  char* put_bytes_cell(char* out, const JsonRowPlan& plan, const JsonRowPlan::ColumnPlan& column,
                       const Cell& cell);
  size_t offset(const char* out) const { return static_cast<size_t>(out - bytes_->data()); }

  Shape shape_;
  bool shaped_ = false;
  Bytes* bytes_ = nullptr;  // of the message in hand
  size_t room_ = 0;         // what it may take, but for the text of a big one
  bool big_ = false;        // it is written cell by cell
  bool has_patch_ = false;  // a row of it has cells of JsonPatch
  uint64_t message_ = 0;    // counts them, and the moves of one's buffer
  DayMemo day_;
  RealMemo reals_[16];  // by a hash of the value
};

}  // namespace sluice
