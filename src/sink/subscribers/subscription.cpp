#include "sink/subscribers/subscription.h"

#include <algorithm>

#include "base/regex.h"

namespace sluice::subscribers {
namespace {

// What one regular expression of a client may be made into: a short one that counts to a thousand takes
// megabytes.
constexpr size_t kMostRegexBytes = 256 << 10;

bool is_too_large(std::string_view pattern) {
  size_t slash = pattern.find_first_not_of(" !"), end = pattern.find_last_not_of(' ');
  if (slash == pattern.npos || pattern[slash] != '/' || end == slash) return false;
  return Regex(pattern.substr(slash + 1, end - slash - 1), kMostRegexBytes).too_large();
}

}  // namespace

Result<Operations> parse_operations(const std::vector<std::string>& names) {
  constexpr std::string_view kNames[] = {"insert", "update", "delete", "ddl"};  // by Op
  Operations operations = names.empty() ? kAllOperations : 0;
  for (const std::string& name : names) {
    const auto* found = std::find(std::begin(kNames), std::end(kNames), name);
    if (found == std::end(kNames)) {
      return usage("the operation '{}' is not known; expected insert, update, delete or ddl",
                   name.substr(0, 100));
    }
    operations = static_cast<Operations>(operations | 1 << (found - kNames));
  }
  return operations;
}

Result<void> Subscription::set_topics(std::vector<std::string> patterns) {
  if (patterns.size() > kMostPatterns) {
    return usage("{} patterns are more than the {} that a client may have", patterns.size(), kMostPatterns);
  }
  for (const std::string& pattern : patterns) {
    if (pattern.size() > kMostPatternBytes) {
      return usage("a pattern of {} bytes is longer than {}", pattern.size(), kMostPatternBytes);
    }
    if (is_too_large(pattern)) {
      return usage(
          "the regular expression of {} bytes that begins with '{}' counts too far, or has too many ways",
          pattern.size(), pattern.substr(0, 20));
    }
  }
  SLUICE_ASSIGN(selection, Selection::parse(patterns));
  selection_ = std::make_shared<const Selection>(std::move(selection));
  patterns_ = std::move(patterns);
  ++version_;
  return {};
}

Result<void> Subscription::add_topic(std::string_view regex) {
  if (regex.empty()) return set_topics({});
  std::string pattern = "/(?s:.*(?:" + std::string(regex) + ").*)/";
  if (std::find(patterns_.begin(), patterns_.end(), pattern) != patterns_.end()) return {};
  std::vector<std::string> patterns = patterns_;
  patterns.push_back(std::move(pattern));
  return set_topics(std::move(patterns));
}

bool Subscription::wants(std::string_view topic) const {
  if (!selection_) return true;
  size_t dot = topic.find('.');
  return selection_->wants(topic.substr(0, dot), dot == topic.npos ? "" : topic.substr(dot + 1));
}

}  // namespace sluice::subscribers
