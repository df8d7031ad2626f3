#include "format/canal/value.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/utf8.h"
#include "format/canal/patch.h"
#include "format/json_binary.h"

namespace sluice::canal {
namespace {

constexpr size_t kKeepBytes = 1u << 20;  // what a larger document needed is given back

struct Escape {
  char text[7];
  char size;
};

constexpr Escape escape_of(unsigned byte) {
  constexpr char kHex[] = "0123456789abcdef";
  if (byte >= 0x80) {
    return {{static_cast<char>(0xc0 | byte >> 6), static_cast<char>(0x80 | (byte & 0x3f))}, 2};
  }
  if (byte == '"' || byte == '\\') return {{'\\', static_cast<char>(byte)}, 2};
  if (byte < 0x20) return {{'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]}, 6};
  return {{static_cast<char>(byte)}, 1};
}

constexpr std::array<Escape, 256> kEscapes = [] {
  std::array<Escape, 256> all{};
  for (unsigned byte = 0; byte < 256; ++byte) all[byte] = escape_of(byte);
  return all;
}();

}  // namespace

char* spell_latin1_json(char* out, std::string_view bytes) {
  for (char c : bytes) {
    const Escape& escape = kEscapes[static_cast<uint8_t>(c)];
    std::memcpy(out, &escape, sizeof escape);
    out += escape.size;
  }
  return out;
}

char* spell_latin1(char* out, std::string_view bytes) {
  for (char c : bytes) {
    auto byte = static_cast<uint8_t>(c);
    if (byte >= 0x80) {
      *out++ = static_cast<char>(0xc0 | byte >> 6);
      *out++ = static_cast<char>(0x80 | (byte & 0x3f));
    } else {
      *out++ = c;
    }
  }
  return out;
}

char* spell_utf8(char* out, std::string_view text) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  for (;;) {
    size_t good = find_invalid_utf8(text);
    std::memcpy(out, text.data(), good);
    out += good;
    text.remove_prefix(good);
    if (text.empty()) return out;
    std::memcpy(out, kReplacement.data(), kReplacement.size());
    out += kReplacement.size();
    // Half a surrogate pair, three bytes, stands for one byte that is no character.
    bool surrogate = text.size() >= 3 && text[0] == '\xed' && (text[1] & 0xe0) == 0xa0;
    text.remove_prefix(surrogate ? 3 : 1);
  }
}

char* spell_vector(char* out, std::string_view bytes) {
  *out++ = '[';
  for (size_t at = 0; at + sizeof(float) <= bytes.size(); at += sizeof(float)) {
    float value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    if (at > 0) *out++ = ',';
    out = spell_float(out, value);
  }
  *out++ = ']';
  return out;
}

char* spell_enum(char* out, uint64_t number, const std::vector<Snippet>& labels, bool numbers) {
  if (number == 0 && !numbers) return out;  // the empty text of a bad insert
  if (numbers || number > labels.size()) return spell_uint(out, number);
  return labels[number - 1].put(out);
}

char* spell_set(char* out, uint64_t bits, const std::vector<Snippet>& labels, bool numbers) {
  size_t count = std::min<size_t>(labels.size(), 64);
  if (numbers || (count < 64 && bits >> count != 0)) return spell_uint(out, bits);
  for (bool first = true; bits != 0; bits &= bits - 1, first = false) {
    if (!first) *out++ = ',';
    out = labels[static_cast<size_t>(__builtin_ctzll(bits))].put(out);
  }
  return out;
}

std::string_view Speller::document(const Cell& cell, const Column& column) {
  bool patch = cell.kind == Kind::JsonPatch;
  document_.clear();
  document_.shrink(kKeepBytes);
  char* out = document_.reserve(json_binary_bound(cell.size) + kSlack);
  document_.commit(
      spell_json_binary_or_marker(out, cell.bytes(), patch ? JsonSpacing::Compact : JsonSpacing::Server));
  if (!patch) return document_.view();
  expression_.clear();
  append_patch(expression_, column.name, document_.view());
  expression_.reserve(kSlack);
  return expression_.view();
}

}  // namespace sluice::canal
