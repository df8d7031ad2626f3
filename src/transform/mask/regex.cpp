#include "base/regex.h"

#include <algorithm>

#include "transform/mask/kinds.h"

namespace sluice::mask {
namespace {

constexpr Option kOptions[] = {
    {"match",
     OptionKind::Text,
     "",
     "the regular expression (RE2); every part of a text that fits is replaced",
     {},
     true,
     "REGEX"},
    {"replace", OptionKind::Text, "",
     "what stands in its place; \\1 to \\9 are the groups in parentheses, \\0 "
     "is all of it, \\\\ a backslash"},
    {"otherwise", OptionKind::Choice, "stop", "what becomes of a text that has no such part",
     "stop|null|hash|keep"},
};

constexpr size_t kMostGroups = 10;

struct Piece {
  std::string text;
  int group = -1;  // in the place of the text; -1: none
};

Result<std::vector<Piece>> parse_replacement(const Settings& settings, unsigned groups) {
  std::vector<Piece> pieces(1);
  std::string text = settings.text("replace");
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      pieces.back().text += text[i];
      continue;
    }
    char c = ++i < text.size() ? text[i] : '\0';
    if (c == '\\') {
      pieces.back().text += c;
    } else if (c >= '0' && c <= '9' && static_cast<unsigned>(c - '0') <= groups) {
      pieces.push_back({{}, c - '0'});
      pieces.emplace_back();
    } else {
      return usage("replace: expected \\\\ or the number of a group behind a backslash; 'match' has {}",
                   groups);
    }
  }
  return pieces;
}

class RegexMask : public Mask {
 public:
  RegexMask(const Making& making, Regex regex, std::vector<Piece> pieces)
      : regex_(std::move(regex)),
        pieces_(std::move(pieces)),
        otherwise_(making.settings, making.key, making.column()) {}

  Result<Cell> apply(const Cell& cell, const Image& image) override {
    if (cell.kind != Kind::Text) return strange_cell();
    std::string_view text = cell.bytes(), found[kMostGroups];
    std::span groups(found, std::min<size_t>(regex_.groups() + 1, kMostGroups));
    scratch_.clear();
    size_t done = 0;
    bool any = false;
    for (size_t from = 0; from <= text.size() && regex_.find(text, from, groups);) {
      any = true;
      auto begin = static_cast<size_t>(found[0].data() - text.data()), end = begin + found[0].size();
      scratch_.append(text.substr(done, begin - done));
      for (const Piece& piece : pieces_)
        scratch_.append(piece.group < 0 ? std::string_view(piece.text) : found[piece.group]);
      done = end;
      from = end > begin ? end : end < text.size() ? next_character(text, end) : end + 1;
    }
    if (!any)
      return otherwise_.apply(cell, image.arena, "a text has no part that fits the regular expression");
    scratch_.append(text.substr(done));
    std::string_view copy = image.arena.copy(scratch_.view());
    Cell made = cell;
    made.size = static_cast<uint32_t>(copy.size());
    made.data = copy.data();
    return made;
  }

 private:
  const Regex regex_;
  const std::vector<Piece> pieces_;
  Otherwise otherwise_;
  Bytes scratch_;
};

Result<Regex> compiled(const Settings& settings) {
  Regex regex(settings.text("match"));
  if (regex.ok()) return regex;
  return usage("match: this is no regular expression: {}", regex.error());
}

Result<void> check(const Settings& settings) {
  SLUICE_ASSIGN(regex, compiled(settings));
  SLUICE_TRY(parse_replacement(settings, regex.groups()));
  return {};
}

Result<MaskPtr> make(const Making& making, Column& column) {
  if (!is_text(making.column().type)) return does_not_take(regex_kind, making);
  SLUICE_ASSIGN(regex, compiled(making.settings));
  SLUICE_ASSIGN(pieces, parse_replacement(making.settings, regex.groups()));
  if (making.settings.text("otherwise") == "null") column.nullable = true;
  if (making.settings.text("otherwise") == "hash") make_room(column, 2 * HmacSha256::kBytes);
  return std::make_unique<RegexMask>(making, std::move(regex), std::move(pieces));
}

}  // namespace

const MaskKind regex_kind = {
    "regex", "what fits a regular expression is replaced", "text", kOptions, make, false, check};

}  // namespace sluice::mask
