#include "support/mask_rule.h"

#include <algorithm>

#include "base/check.h"

namespace sluice::test {

mask::MaskRule mask_rule(std::string_view text, const std::string& pattern) {
  std::vector<std::pair<std::string, std::string>> options;
  while (!text.empty()) {
    size_t end = std::min(text.find(", "), text.size()), colon = text.find(": ");
    options.emplace_back(text.substr(0, colon), text.substr(colon + 2, end - colon - 2));
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  const mask::MaskKind* kind = mask::find_kind(options.at(0).second);
  CHECK(kind != nullptr);
  Settings settings(kind->options);
  for (size_t i = 1; i < options.size(); ++i) {
    auto set = settings.set(options[i].first, {options[i].second}, "");
    CHECK(set.has_value());
  }
  CHECK(!kind->check || kind->check(settings).has_value());
  return {"test.yaml:1:1", {pattern}, *mask::parse_columns({pattern}), kind, std::move(settings)};
}

}  // namespace sluice::test
