// The kinds, by the files that hold them, and what several of them need.
#pragma once

#include "base/bytes.h"
#include "crypto/hmac.h"
#include "transform/mask/kind.h"

namespace sluice::mask {

extern const MaskKind phone_kind, email_kind, name_kind, card_kind, address_kind;  // shape.cpp
extern const MaskKind fixed_kind, null_kind, drop_kind, keep_kind;                 // fixed.cpp
extern const MaskKind truncate_kind;                                               // truncate.cpp
extern const MaskKind hash_kind;                                                   // hash.cpp
extern const MaskKind round_kind, noise_kind;                                      // number.cpp
extern const MaskKind shift_kind;                                                  // shift.cpp
extern const MaskKind fpe_kind;                                                    // fpe.cpp
extern const MaskKind regex_kind;                                                  // regex.cpp

bool is_integer(ColumnType type);
bool is_text(ColumnType type);  // Char to LongText
bool is_blob(ColumnType type);  // Binary to LongBlob

// What a whole-number column holds.
struct Range {
  __int128 least, most;
};
Range range_of(const Column& column);

// `mask phone takes text columns, and shop.orders.total is decimal(10,2)`, with what to do.
Failure does_not_take(const MaskKind& kind, const Making& making);
// Of a cell of another kind than its column's type has.
Failure strange_cell();

// The value's one spelling: the same for the same value in columns of any type. No zeros behind a point that
// say nothing. Appends.
void append_canonical(Bytes& out, const Cell& cell, const Column& column);
// A code over the canonical spelling; `purpose` tells the uses of one key apart.
std::array<uint8_t, HmacSha256::kBytes> code_of(HmacSha256& hmac, std::string_view purpose, const Cell& cell,
                                                const Column& column, Bytes& scratch);
uint64_t first_word(const std::array<uint8_t, HmacSha256::kBytes>& code);

// A cell like `cell` that holds this text.
Cell text_cell(std::string_view text, Kind kind = Kind::Text);
// The end of the UTF-8 character that begins at `at`.
size_t next_character(std::string_view text, size_t at);
// Makes `column` one of text of at most `length` characters.
void become_text(Column& column, uint32_t length);

// Sees to it that `column`, of text or bytes, holds values of so many characters or bytes.
void make_room(Column& column, size_t length);

// What becomes of a value that a mask cannot mask: the kinds' option `otherwise`.
class Otherwise {
 public:
  Otherwise(const Settings& settings, const Secret& key, const Column& column);
  // `why`: of the fault where it is to stop.
  Result<Cell> apply(const Cell& cell, Arena& arena, std::string_view why);

 private:
  enum class What : uint8_t { Stop, Null, Hash, Keep } what_ = What::Stop;
  HmacSha256 hmac_;
  Column column_;
  Bytes scratch_;
};

}  // namespace sluice::mask
