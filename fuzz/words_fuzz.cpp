// Any bytes as what an operator writes outside of sluice.yaml's structure: addresses, selections of tables,
// lines of canal and Maxwell. No message shows a password.
#include <cstdint>
#include <string_view>

#include "app/canal_rules.h"
#include "app/maxwell_filter.h"
#include "base/check.h"
#include "base/url.h"
#include "model/selection.h"

namespace {

sluice::Result<std::vector<std::string>> maxwell_tables(std::string_view text) {
  SLUICE_ASSIGN(filter, sluice::app::maxwell_filter(text));
  return std::move(filter.tables);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] & 1) {
    if (auto selection = Selection::parse(text)) (void)selection->wants("shop", "orders");
    return 0;
  }
  if (data[0] & 2) {
    size_t half = text.size() / 2;
    for (const auto& patterns :
         {app::canal_tables(text.substr(0, half), text.substr(half)),
          app::canal_columns(text.substr(0, half), text.substr(half)), maxwell_tables(text)}) {
      auto selection = patterns ? Selection::parse(*patterns) : Result<Selection>(Failure(patterns.error()));
      if (!selection) CHECK(!selection.error().what.empty());
    }
    (void)app::canal_topics(text);
    (void)app::canal_partitions(text, true, 3);
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
