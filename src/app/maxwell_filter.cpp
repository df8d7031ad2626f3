#include "app/maxwell_filter.h"

#include <algorithm>

#include "model/selection.h"

namespace sluice::app {
namespace {

// Maxwell's grammar (FilterParser): rules with commas between them, each `include`, `exclude` or `blacklist`,
// a colon, and two names with a dot between them; a third one and a value would choose rows.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<std::vector<std::string>> parse() {
    std::vector<std::string> patterns = {"*"};
    for (skip(); at_ < text_.size(); skip()) {
      SLUICE_ASSIGN(pattern, rule());
      patterns.push_back(std::move(pattern));
      skip();
      if (at_ == text_.size()) break;
      if (!take(',')) return unexpected("expected a comma between rules");
    }
    return patterns;
  }

 private:
  static bool in_word(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c == '-' || c == '$' || static_cast<unsigned char>(c) >= 0x80;
  }

  void skip() {
    while (at_ < text_.size() && static_cast<unsigned char>(text_[at_]) <= ' ') ++at_;
  }
  bool take(char c) {
    skip();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string_view word() {
    skip();
    size_t begin = at_;
    while (at_ < text_.size() && in_word(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  Failure unexpected(std::string_view expected) const {
    std::string found = at_ == text_.size() ? "the end" : fmt::format("'{}'", text_[at_]);
    return usage("'{}': character {}: {}, found {}", text_, at_ + 1, expected, found);
  }

  Result<std::string> rule() {
    size_t begin = at_;
    std::string_view kind = word();
    if (kind != "include" && kind != "exclude" && kind != "blacklist") {
      at_ = begin;
      return unexpected("expected include, exclude or blacklist");
    }
    if (!take(':')) return unexpected("expected a colon");
    SLUICE_ASSIGN(database, name());
    if (!take('.')) return unexpected("expected a dot and the table");
    SLUICE_ASSIGN(table, name());
    if (take('.')) {
      return usage(
          "'{}': character {}: a rule over a column's value chooses rows, which Sluice has no filter for; "
          "take "
          "whole tables, and leave columns out with `columns` of a sink",
          text_, at_);
    }
    return (kind == "include" ? "/" : "!/") + database + "/./" + table + "/";
  }

  // As a regular expression over the whole name; Maxwell looks for its own anywhere in it.
  Result<std::string> name() {
    constexpr std::string_view kAnything = "(?s:.*)";
    skip();
    if (take('*')) return std::string(kAnything);
    if (at_ < text_.size() && text_[at_] == '/') {
      SLUICE_ASSIGN(regex, until('/'));
      auto parsed = Selection::parse(std::vector{"/" + regex + "/"});
      if (!parsed) return while_doing(fmt::format("'{}'", text_), std::move(parsed).error());
      return std::string(kAnything) + "(?:" + regex + ")" + std::string(kAnything);
    }
    std::string plain;
    if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '`' || text_[at_] == '\'')) {
      SLUICE_ASSIGN(inside, until(text_[at_]));
      plain = std::move(inside);
    } else {
      plain = word();
    }
    if (plain.empty()) return unexpected("expected a name, * or a /regular expression/");
    std::string quoted;
    for (char c : plain) {
      if (!in_word(c) || c == '-' || c == '$') quoted += '\\';
      quoted += c;
    }
    return quoted;
  }

  // What stands between two of `mark`; a backslash keeps the one behind it.
  Result<std::string> until(char mark) {
    std::string inside;
    for (size_t at = at_ + 1; at < text_.size(); ++at) {
      if (text_[at] == '\\' && at + 1 < text_.size()) {
        if (text_[at + 1] != mark) inside += text_[at];
        inside += text_[++at];
      } else if (text_[at] == mark) {
        at_ = at + 1;
        return inside;
      } else {
        inside += text_[at];
      }
    }
    return usage("'{}': what begins at character {} with {} is not closed", text_, at_ + 1, mark);
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

Result<std::vector<std::string>> maxwell_tables(std::string_view filter) { return Parser(filter).parse(); }

}  // namespace sluice::app
