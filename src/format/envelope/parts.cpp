#include "format/envelope/parts.h"

#include "format/json_text.h"

namespace sluice::envelope {

Parts::Parts(std::string_view pattern, std::string_view database, std::string_view table,
             std::string_view app_id) {
  std::string text;
  auto end = [&](char place) {
    bytes += text.size();
    parts.push_back({Snippet(std::move(text)), place});
    text.clear();
  };
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '$') {
      text += pattern[i];
      continue;
    }
    switch (char place = pattern[++i]) {
      case kDatabase: text += quoted(database); break;
      case kTable: text += quoted(table); break;
      case kAppId: text += quoted(app_id); break;
      default: end(place);
    }
  }
  end(0);
}

}  // namespace sluice::envelope
