// Any bytes as what an operator writes outside of sluice.yaml's structure: addresses and selections of
// tables. No message shows a password.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/url.h"
#include "model/selection.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] & 1) {
    if (auto selection = Selection::parse(text)) (void)selection->wants("shop", "orders");
    return 0;
  }
  auto url = parse_url(text);
  std::string safe = safe_url(text);
  if (!url) {
    CHECK(!url.error().what.empty());
    return 0;
  }
  if (url->password.reveal().empty()) return 0;
  size_t colon = safe.find(':', safe.find("://") + 3);
  CHECK(safe.substr(colon + 1, 4) == "***@");
  return 0;
}
