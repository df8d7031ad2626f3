#include "model/selection.h"

#include <algorithm>

#include "base/regex.h"

namespace sluice {

struct Selection::Pattern {
  bool exclude = false;
  std::string glob;                     // used where there is no regex
  std::unique_ptr<Regex> regex, table;  // over both names; where there is a `table`, over one each

  bool matches(const std::string& name, size_t database_size) const;
};

namespace {

constexpr std::string_view kBetween = "/./";  // of the regular expressions for a database and for a table

// `*` is any run of characters, `?` any one; there is nothing else, so names with brackets or dots need no
// escape.
bool glob_matches(std::string_view glob, std::string_view text) {
  size_t g = 0, t = 0, star = std::string_view::npos, retry = 0;
  while (t < text.size()) {
    if (g < glob.size() && (glob[g] == '?' || (glob[g] != '*' && glob[g] == text[t]))) {
      ++g, ++t;
    } else if (g < glob.size() && glob[g] == '*') {
      star = g++;
      retry = t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

}  // namespace

bool Selection::Pattern::matches(const std::string& name, size_t database_size) const {
  if (table) {
    std::string_view both = name;
    return regex->fits(both.substr(0, database_size)) && table->fits(both.substr(database_size + 1));
  }
  return regex ? regex->fits(name) : glob_matches(glob, name);
}

Selection::Selection() = default;
Selection::~Selection() = default;
Selection::Selection(Selection&&) noexcept = default;
Selection& Selection::operator=(Selection&&) noexcept = default;

Result<Selection> Selection::parse(const std::vector<std::string>& patterns) {
  Selection selection;
  for (const std::string& written : patterns) {
    std::string_view text = written;
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    Pattern pattern;
    if (text.starts_with('!')) {
      pattern.exclude = true;
      text.remove_prefix(1);
    }
    if (text.empty())
      return usage("table pattern '{}' is empty; expected database.table, with * and ?", written);
    if (text.size() >= 2 && text.front() == '/' && text.back() == '/') {
      text = text.substr(1, text.size() - 2);
      size_t between = text.find(kBetween);
      pattern.regex = std::make_unique<Regex>(text.substr(0, between));
      if (between != text.npos)
        pattern.table = std::make_unique<Regex>(text.substr(between + kBetween.size()));
      for (const Regex* each : {pattern.regex.get(), pattern.table.get()}) {
        if (!each || each->ok()) continue;
        return usage("table pattern '{}' is no regular expression: {}", written, each->error());
      }
    } else {
      if (text.find('.') == std::string_view::npos && text != "*") {
        return usage("table pattern '{}' names no database; expected database.table, such as shop.* or *.{}",
                     written, text);
      }
      pattern.glob = std::string(text);
    }
    selection.patterns_.push_back(std::move(pattern));
  }
  return selection;
}

Result<Selection> Selection::parse(std::string_view comma_separated) {
  std::vector<std::string> patterns;
  std::string part;
  bool in_regex = false;
  for (char c : comma_separated) {
    if (c == '/') in_regex = !in_regex;
    if (c == ',' && !in_regex) {
      patterns.push_back(std::exchange(part, {}));
    } else {
      part += c;
    }
  }
  if (!part.empty() || !patterns.empty()) patterns.push_back(part);
  return parse(patterns);
}

bool Selection::wants(std::string_view database, std::string_view table) const {
  if (patterns_.empty()) return true;
  std::string name;
  name.append(database).append(".").append(table);
  bool wanted = patterns_.front().exclude;
  for (const Pattern& pattern : patterns_) {
    if (pattern.exclude == wanted && pattern.matches(name, database.size())) wanted = !wanted;
  }
  return wanted;
}

bool Selection::names(std::string_view database, std::string_view table) const {
  std::string name;
  name.append(database).append(".").append(table);
  return std::any_of(patterns_.begin(), patterns_.end(), [&](const Pattern& pattern) {
    return !pattern.exclude && !pattern.regex && pattern.glob == name;
  });
}

}  // namespace sluice
