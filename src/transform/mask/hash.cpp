#include <algorithm>

#include "transform/mask/kinds.h"

namespace sluice::mask {
namespace {

constexpr Option kOptions[] = {
    {"encoding", OptionKind::Choice, "hex", "how the code is written", "hex|base64url"},
    {"length",
     OptionKind::Integer,
     "",
     "how many of its characters stay; none: all, 64 or 43. With fewer than 20 two values may well have one "
     "code",
     {},
     false,
     {},
     8,
     64},
};

// HMAC-SHA-256 of the canonical spelling, under the key itself: whoever has it can make the same code.
class HashMask : public Mask {
 public:
  HashMask(const Secret& key, const Column& column, bool hex, uint32_t length)
      : hmac_(key), column_(column), hex_(hex), length_(length) {}

  Result<Cell> apply(const Cell& cell, const Image& image) override {
    scratch_.clear();
    append_canonical(scratch_, cell, column_);
    hmac_.add(scratch_.view());
    scratch_.clear();
    if (hex_) {
      hmac_.append_hex(scratch_);
    } else {
      append_base64url();
    }
    return text_cell(image.arena.copy(scratch_.view().substr(0, length_)));
  }

 private:
  void append_base64url() {
    constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    auto code = hmac_.finish();
    uint32_t bits = 0, held = 0;
    for (uint8_t byte : code) {
      bits = bits << 8 | byte;
      for (held += 8; held >= 6; held -= 6) scratch_.push(kDigits[bits >> (held - 6) & 63]);
    }
    scratch_.push(kDigits[bits << (6 - held) & 63]);
  }

  HmacSha256 hmac_;
  const Column column_;
  const bool hex_;
  const uint32_t length_;
  Bytes scratch_;
};

}  // namespace

const MaskKind hash_kind = {
    "hash", "a keyed code, the same for the same value in every table", "every type", kOptions,
    [](const Making& making, Column& column) -> Result<MaskPtr> {
      bool hex = making.settings.text("encoding") == "hex";
      uint32_t length = hex ? 64 : 43;
      if (making.settings.given("length"))
        length = std::min(length, static_cast<uint32_t>(making.settings.integer("length")));
      auto mask = std::make_unique<HashMask>(making.key, making.column(), hex, length);
      become_text(column, length);
      return mask;
    }};

}  // namespace sluice::mask
