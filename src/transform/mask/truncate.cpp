#include <algorithm>

#include "transform/mask/kinds.h"

namespace sluice::mask {
namespace {

constexpr Option kOptions[] = {{"length",
                                OptionKind::Integer,
                                "",
                                "how many characters stay, of bytes how many bytes",
                                {},
                                true,
                                {},
                                0,
                                UINT32_MAX}};

class TruncateMask : public Mask {
 public:
  explicit TruncateMask(uint64_t length) : length_(length) {}

  Result<Cell> apply(const Cell& cell, const Image&) override {
    Cell made = cell;
    if (cell.kind == Kind::Blob) {
      made.size = static_cast<uint32_t>(std::min<uint64_t>(cell.size, length_));
      return made;
    }
    if (cell.kind != Kind::Text) return strange_cell();
    size_t end = 0;
    for (uint64_t i = 0; i < length_ && end < cell.size; ++i) end = next_character(cell.bytes(), end);
    made.size = static_cast<uint32_t>(end);
    return made;
  }

 private:
  const uint64_t length_;
};

}  // namespace

const MaskKind truncate_kind = {"truncate", "the first characters", "text and bytes", kOptions,
                                [](const Making& making, Column&) -> Result<MaskPtr> {
                                  ColumnType type = making.column().type;
                                  if (!is_text(type) && !is_blob(type))
                                    return does_not_take(truncate_kind, making);
                                  return std::make_unique<TruncateMask>(making.settings.integer("length"));
                                }};

}  // namespace sluice::mask
