#include "mirror/text.h"

#include "base/arena.h"
#include "base/utf8.h"

namespace sluice::mirror {

std::string_view Texts::of(const Cell& cell) {
  std::string_view text = cell.bytes();
  return is_utf8(text) ? text : replaced(text, cell.aux != 0);
}

std::string_view Texts::replaced(std::string_view text, bool stored) {
  met_ = true;
  scratch_.clear();
  while (!text.empty()) {
    size_t good = find_invalid_utf8(text);
    scratch_.append(text.substr(0, good));
    text.remove_prefix(good);
    if (text.empty()) break;
    scratch_.append("\xef\xbf\xbd");
    // A byte that stands as U+DC00 + byte takes three.
    bool one = !stored && text.size() >= 3 && text[0] == '\xed';
    text.remove_prefix(one ? 3 : 1);
  }
  scratch_.reserve(Arena::kReadSlack);
  return scratch_.view();
}

}  // namespace sluice::mirror
