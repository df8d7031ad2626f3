// Masks that leave of a text what it is, and not whose: phone, e-mail, name, card, address.
#include <algorithm>
#include <cstring>

#include "transform/mask/kinds.h"

namespace sluice::mask {
namespace {

constexpr Option kPhoneOptions[] = {
    {"keep", OptionKind::Integer, "2", "how many of the last digits stay", {}, false, {}, 0, 4}};
constexpr Option kCardOptions[] = {
    {"keep", OptionKind::Integer, "4", "how many of the last digits stay", {}, false, {}, 0, 4}};
constexpr Option kEmailOptions[] = {{"domain", OptionKind::Boolean, "true",
                                     "what stands behind the last @ stays, if it is the name of a host"}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}

// Writes what becomes of `text` at `out`, which has room for kWiden times its size and kMore; returns the
// end.
using Spell = char* (*)(std::string_view text, unsigned keep, char* out);
constexpr size_t kWiden = 4, kMore = 8;

// Every digit and letter but the last digits becomes a star. Where those would be half of all or more, none
// stays.
char* spell_digits(std::string_view text, unsigned keep, char* out) {
  auto digits = static_cast<unsigned>(std::count_if(text.begin(), text.end(), is_digit));
  unsigned hidden = digits > 2 * keep ? digits - keep : digits;
  for (size_t at = 0; at < text.size(); at = next_character(text, at)) {
    char c = text[at];
    if (is_digit(c)) {
      *out++ = hidden > 0 ? '*' : c;
      hidden -= hidden > 0;
    } else {
      *out++ = is_letter(c) ? '*' : c;
    }
  }
  return out;
}

char* stars(char* out) {
  std::memcpy(out, "***", 3);
  return out + 3;
}

// The first character and three stars, whatever the length.
char* spell_first(std::string_view text, char* out) {
  size_t end = next_character(text, 0);
  std::memcpy(out, text.data(), end);
  return stars(out + end);
}

bool in_host(char c) { return is_letter(c) || is_digit(c) || c == '.' || c == '-'; }

// A local part of one character has nothing that could stay. What stands behind the @ may be more than a
// host.
char* spell_email(std::string_view text, unsigned domain, char* out) {
  size_t at = text.rfind('@');
  if (at == text.npos) return stars(out);
  out = next_character(text, 0) < at ? spell_first(text, out) : stars(out);
  *out++ = '@';
  text.remove_prefix(at + 1);
  if (!domain || !std::all_of(text.begin(), text.end(), in_host)) return stars(out);
  return std::copy(text.begin(), text.end(), out);
}

// Of each word the first letter; of a word of one letter nothing.
char* spell_name(std::string_view text, unsigned, char* out) {
  for (size_t at = 0; at < text.size();) {
    size_t end = at;
    while (end < text.size() && (is_letter(text[end]) || is_digit(text[end]) || text[end] == '\'')) ++end;
    if (end == at) {
      *out++ = text[at++];
      continue;
    }
    std::string_view word = text.substr(at, end - at);
    out = next_character(word, 0) < word.size() && !is_digit(word[0]) ? spell_first(word, out) : stars(out);
    at = end;
  }
  return out;
}

class ShapeMask : public Mask {
 public:
  ShapeMask(Spell spell, unsigned keep) : spell_(spell), keep_(keep) {}

  Result<Cell> apply(const Cell& cell, const Image& image) override {
    if (cell.kind != Kind::Text) return strange_cell();
    if (cell.size == 0) return cell;
    size_t room = kWiden * size_t{cell.size} + kMore;
    char* out = image.arena.allocate(room);
    char* end = spell_(cell.bytes(), keep_, out);
    image.arena.trim(out, room, static_cast<size_t>(end - out));
    Cell made = cell;
    made.size = static_cast<uint32_t>(end - out);
    made.data = out;
    return made;
  }

 private:
  const Spell spell_;
  const unsigned keep_;
};

template <Spell kSpell>
Result<MaskPtr> make(const MaskKind& kind, const Making& making, unsigned keep) {
  if (!is_text(making.column().type)) return does_not_take(kind, making);
  return std::make_unique<ShapeMask>(kSpell, keep);
}

// What three stars stand for may be shorter.
void widen(Column& column) {
  size_t longest = column.type == ColumnType::TinyText ? 255 : column.length;
  make_room(column, 2 * longest + kMore);
}

unsigned kept(const Making& making) { return static_cast<unsigned>(making.settings.integer("keep")); }

constexpr std::string_view kText = "text";

}  // namespace

const MaskKind phone_kind = {
    "phone", "digits and letters become stars, but for the last digits", kText, kPhoneOptions,
    [](const Making& making, Column&) { return make<spell_digits>(phone_kind, making, kept(making)); }};
const MaskKind card_kind = {
    "card", "digits and letters become stars, but for the last four digits", kText, kCardOptions,
    [](const Making& making, Column&) { return make<spell_digits>(card_kind, making, kept(making)); }};
const MaskKind email_kind = {"email", "the first letter, three stars, and the domain", kText, kEmailOptions,
                             [](const Making& making, Column& column) {
                               widen(column);
                               return make<spell_email>(email_kind, making,
                                                        making.settings.boolean("domain"));
                             }};
const MaskKind name_kind = {"name",
                            "of each word the first letter and three stars",
                            kText,
                            {},
                            [](const Making& making, Column& column) {
                              widen(column);
                              return make<spell_name>(name_kind, making, 0);
                            }};
const MaskKind address_kind = {"address",
                               "of each word the first letter and three stars; numbers become three stars",
                               kText,
                               {},
                               [](const Making& making, Column& column) {
                                 widen(column);
                                 return make<spell_name>(address_kind, making, 0);
                               }};

}  // namespace sluice::mask
