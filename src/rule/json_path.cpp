#include "rule/json_path.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "rule/fault.h"

namespace sluice::rule {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

void skip_space(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
}

bool take(std::string_view& text, char c) {
  skip_space(text);
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// The length of the string at the front, quotes included; 0: it does not end.
size_t string_length(std::string_view text) {
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return 0;
}

// The length of the value at the front; 0: malformed. Brackets are counted, not paired: what is passed over
// need not be checked.
size_t value_length(std::string_view text) {
  if (text.empty()) return 0;
  if (text[0] == '"') return string_length(text);
  if (text[0] != '{' && text[0] != '[') return std::min(text.find_first_of(",]} \t\r\n"), text.size());
  size_t depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    i = std::min(text.find_first_of("\"{}[]", i), text.size());
    if (i == text.size()) return 0;
    if (text[i] == '"') {
      size_t length = string_length(text.substr(i));
      if (length == 0) return 0;
      i += length - 1;
    } else if (text[i] == '{' || text[i] == '[') {
      ++depth;
    } else if (--depth == 0) {
      return i + 1;
    }
  }
  return 0;
}

// `text` begins behind the bracket. Empty: there is no such member.
std::string_view member_of(std::string_view text, std::string_view key, Bytes& scratch) {
  for (;;) {
    skip_space(text);
    size_t length = text.starts_with('"') ? string_length(text) : 0;
    if (length == 0) return {};
    std::string_view name = text.substr(1, length - 2);
    text.remove_prefix(length);
    if (!take(text, ':')) return {};
    skip_space(text);
    size_t value = value_length(text);
    if (value == 0) return {};
    bool found = name == key;
    if (!found && name.find('\\') != name.npos) {
      scratch.clear();
      found = append_unescaped(scratch, name) && scratch.view() == key;
    }
    if (found) return text.substr(0, value);
    text.remove_prefix(value);
    if (!take(text, ',')) return {};
  }
}

std::string_view element_of(std::string_view text, size_t index) {
  for (;; --index) {
    skip_space(text);
    size_t value = text.starts_with(']') ? 0 : value_length(text);
    if (value == 0) return {};
    if (index == 0) return text.substr(0, value);
    text.remove_prefix(value);
    if (!take(text, ',')) return {};
  }
}

bool take_hex(std::string_view& raw, uint32_t& unit) {
  if (raw.size() < 4) return false;
  auto [end, fault] = std::from_chars(raw.data(), raw.data() + 4, unit, 16);
  raw.remove_prefix(4);
  return fault == std::errc() && end == raw.data();
}

void append_character(Bytes& out, uint32_t c) {
  auto tail = [&](unsigned shift) { out.push(static_cast<char>(0x80 | (c >> shift & 0x3f))); };
  if (c < 0x80) return out.push(static_cast<char>(c));
  out.push(static_cast<char>(c < 0x800 ? 0xc0 | c >> 6 : c < 0x10000 ? 0xe0 | c >> 12 : 0xf0 | c >> 18));
  if (c >= 0x10000) tail(12);
  if (c >= 0x800) tail(6);
  tail(0);
}

// What stands behind \u; halves of a pair that stand alone become U+FFFD.
bool append_unit(Bytes& out, std::string_view& raw) {
  uint32_t c = 0, low = 0;
  if (!take_hex(raw, c)) return false;
  if (c >= 0xd800 && c < 0xdc00 && raw.starts_with("\\u")) {
    std::string_view behind = raw.substr(2);
    if (take_hex(behind, low) && low >= 0xdc00 && low < 0xe000) {
      raw = behind;
      c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
  }
  append_character(out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
  return true;
}

}  // namespace

bool append_unescaped(Bytes& out, std::string_view raw) {
  constexpr std::string_view kLetters = "\"\\/bfnrt", kMeant = "\"\\/\b\f\n\r\t";
  for (;;) {
    size_t plain = std::min(raw.find('\\'), raw.size());
    out.append(raw.substr(0, plain));
    raw.remove_prefix(plain);
    if (raw.empty()) return true;
    if (raw.size() < 2) return false;
    char letter = raw[1];
    raw.remove_prefix(2);
    size_t known = kLetters.find(letter);
    if (known != kLetters.npos) {
      out.push(kMeant[known]);
    } else if (letter != 'u' || !append_unit(out, raw)) {
      return false;
    }
  }
}

Result<JsonPath> JsonPath::parse(std::string_view text, size_t at, std::string_view source, bool wild) {
  JsonPath path;
  std::string_view rest = text;
  auto fault = [&](std::string_view expected) {
    std::string behind(text.substr(0, text.size() - rest.size()));
    return fault_at(source, at,
                    fmt::format("the path '{}': expected {} behind '{}'", text, expected, behind));
  };
  auto skip = [&](std::string_view word) {
    bool there = rest.starts_with(word);
    if (there) rest.remove_prefix(word.size());
    return there;
  };
  if (!skip("$")) return fault_at(source, at, fmt::format("the path '{}' does not begin with $", text));
  using What = Leg::What;
  while (!rest.empty()) {
    Leg leg;
    if (wild && skip("**")) {
      leg.what = What::AnyDepth;
      if (!rest.starts_with('.') && !rest.starts_with('[')) return fault("'.' or '['");
    } else if (wild && skip("[*]")) {
      leg.what = What::AnyElement;
    } else if (skip("[")) {
      leg.what = What::Element;
      auto [end, wrong] = std::from_chars(rest.data(), rest.data() + rest.size(), leg.index);
      size_t length = static_cast<size_t>(end - rest.data());
      if (wrong != std::errc() || length == rest.size() || *end != ']') return fault("a number and ']'");
      rest.remove_prefix(length + 1);
    } else if (!skip(".")) {
      return fault("'.', '[' or the end");
    } else if (wild && skip("*")) {
      leg.what = What::AnyMember;
    } else if (rest.starts_with('"')) {
      size_t length = string_length(rest);
      Bytes key;
      if (length == 0 || !append_unescaped(key, rest.substr(1, length - 2))) return fault("a key in quotes");
      leg.key = key.view();
      rest.remove_prefix(length);
    } else {
      size_t length = std::min(rest.find_first_of(wild ? ".[*" : ".["), rest.size());
      if (length == 0) return fault("a key");
      leg.key = rest.substr(0, length);
      rest.remove_prefix(length);
    }
    path.legs_.push_back(std::move(leg));
  }
  return path;
}

std::string_view JsonPath::find(std::string_view document, Bytes& scratch) const {
  skip_space(document);
  std::string_view found = document.substr(0, value_length(document));
  for (const Leg& leg : legs_) {
    bool indexed = leg.what == Leg::What::Element;
    if (!found.starts_with(indexed ? '[' : '{')) return {};
    found.remove_prefix(1);
    found = indexed ? element_of(found, leg.index) : member_of(found, leg.key, scratch);
  }
  return found;
}

}  // namespace sluice::rule
