#include "app/maxwell_filter.h"

#include <algorithm>

namespace sluice::app {
namespace {

// Maxwell's grammar (FilterParser): rules with commas between them, each `include`, `exclude` or `blacklist`,
// a colon, and two names with a dot between them; a third one, `=` and a value choose rows.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<MaxwellFilter> parse() {
    MaxwellFilter filter;
    filter.tables = {"*"};
    std::vector<RowRule> rules;
    bool chooses_rows = false;
    for (skip(); at_ < text_.size(); skip()) {
      std::string tables;
      SLUICE_ASSIGN(made, rule(tables));
      chooses_rows |= !made.column.empty();
      // A rule over a column can only bring rows of a table back, not leave all of it out.
      if (made.column.empty() || made.include) {
        filter.tables.push_back((made.include ? "" : "!") + tables);
      }
      rules.push_back(std::move(made));
      skip();
      if (at_ == text_.size()) break;
      if (!take(',')) return unexpected("expected a comma between rules");
    }
    if (chooses_rows) filter.rows = std::make_shared<const RowFilter>(std::move(rules));
    return filter;
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

  // `tables`: the rule's tables as a pattern of a Selection.
  Result<RowRule> rule(std::string& tables) {
    size_t begin = at_;
    std::string kind(word());
    std::transform(kind.begin(), kind.end(), kind.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (kind != "include" && kind != "exclude" && kind != "blacklist") {
      at_ = begin;
      return unexpected("expected include, exclude or blacklist");
    }
    if (!take(':')) return unexpected("expected a colon");
    SLUICE_ASSIGN(database, name());
    if (!take('.')) return unexpected("expected a dot and the table");
    SLUICE_ASSIGN(table, name());
    tables = "/" + database + "/./" + table + "/";
    RowRule rule;
    rule.include = kind == "include";
    SLUICE_ASSIGN(selection, Selection::parse(std::vector{tables}));
    rule.tables = std::move(selection);
    if (take('.')) SLUICE_TRY(column(rule));
    return rule;
  }

  Result<void> column(RowRule& rule) {
    SLUICE_ASSIGN(name, plain_name());
    if (name.empty()) return unexpected("expected the name of a column");
    if (!take('=')) return unexpected("expected = and the column's value");
    rule.column = std::move(name);
    skip();
    if (take('*')) {
      rule.any = true;
    } else if (at_regex()) {
      SLUICE_ASSIGN(pattern, regex());
      SLUICE_ASSIGN(selection,
                    Selection::parse(std::vector{"/" + std::string(kAnything) + "/./" + pattern + "/"}));
      rule.regex = std::move(selection);
    } else {
      bool quoted = at_ < text_.size() && is_quote(text_[at_]);
      SLUICE_ASSIGN(value, plain_name());
      if (value.empty() && !quoted) return unexpected("expected a value, NULL, * or a /regular expression/");
      if (value != "null" && value != "NULL") rule.text = std::move(value);
    }
    return {};
  }

  static constexpr std::string_view kAnything = "(?s:.*)";

  static bool is_quote(char c) { return c == '"' || c == '`' || c == '\''; }
  bool at_regex() const { return at_ < text_.size() && text_[at_] == '/'; }

  // One that fits a whole text; Maxwell looks for its own anywhere in it.
  Result<std::string> regex() {
    SLUICE_ASSIGN(inside, until('/'));
    auto parsed = Selection::parse(std::vector{"/" + inside + "/"});
    if (!parsed) {
      const std::string& why = parsed.error().what;
      size_t colon = why.rfind("expression: ");
      return usage("'{}': '/{}/' is no regular {}", text_, inside,
                   colon == why.npos ? "expression" : std::string_view(why).substr(colon));
    }
    return std::string(kAnything) + "(?:" + inside + ")" + std::string(kAnything);
  }

  // In quotes or not.
  Result<std::string> plain_name() {
    skip();
    if (at_ < text_.size() && is_quote(text_[at_])) return until(text_[at_]);
    return std::string(word());
  }

  // Of a database or table, as a regular expression over the whole of it.
  Result<std::string> name() {
    skip();
    if (take('*')) return std::string(kAnything);
    if (at_regex()) return regex();
    SLUICE_ASSIGN(plain, plain_name());
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

Result<MaxwellFilter> maxwell_filter(std::string_view filter) { return Parser(filter).parse(); }

}  // namespace sluice::app
