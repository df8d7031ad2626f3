// Text as a mirror keeps it: UTF-8. Bytes that their character set does not know become U+FFFD.
#pragma once

#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "model/cell.h"

namespace sluice::mirror {

class Texts {
 public:
  // Of a Text cell; 16 readable bytes follow. Valid until the next call.
  std::string_view of(const Cell& cell);
  // Whether there were such bytes since the last time that this was asked.
  bool met_invalid() { return std::exchange(met_, false); }

 private:
  std::string_view replaced(std::string_view text, bool stored);

  Bytes scratch_;
  bool met_ = false;
};

}  // namespace sluice::mirror
