#include "wire/mysql/json_tree.h"

#include <algorithm>
#include <cstring>

#include "base/cursor.h"

namespace sluice::mysql {
namespace {

char* put(char* out, uint64_t value, size_t bytes) {
  std::memcpy(out, &value, bytes);
  return out + bytes;
}

char* put(char* out, std::string_view bytes) {
  if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

// Of a value that stands in its container's entry, in place of its offset; 0: it does not.
size_t inlined_bytes(uint8_t type, size_t width) {
  switch (type) {
    case JsonNode::Literal: return 1;
    case JsonNode::Int16:
    case JsonNode::Uint16: return 2;
    case JsonNode::Int32:
    case JsonNode::Uint32: return width == 4 ? 4 : 0;
    default: return 0;
  }
}

// Seven bits a byte, the lowest first, at most five bytes.
uint64_t counted(Cursor& in) {
  uint64_t length = 0;
  for (unsigned i = 0; i < 5; ++i) {
    uint8_t byte = in.u8();
    length |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) == 0) return length;
  }
  in.fail();
  return 0;
}

// Bytes that a value takes of those that begin with it.
uint64_t extent(uint8_t type, std::string_view bytes) {
  Cursor in(bytes);
  switch (type) {
    case JsonNode::SmallObject:
    case JsonNode::SmallArray: in.u16(); return in.u16();
    case JsonNode::LargeObject:
    case JsonNode::LargeArray: in.u32(); return in.u32();
    case JsonNode::Literal: return 1;
    case JsonNode::Int16:
    case JsonNode::Uint16: return 2;
    case JsonNode::Int32:
    case JsonNode::Uint32: return 4;
    case JsonNode::Int64:
    case JsonNode::Uint64:
    case JsonNode::Double: return 8;
    case JsonNode::Opaque: in.u8(); [[fallthrough]];
    case JsonNode::String: {
      uint64_t length = counted(in);
      return in.bad() ? UINT64_MAX : bytes.size() - in.left() + length;
    }
    default: return UINT64_MAX;
  }
}

}  // namespace

bool JsonNode::read(std::string_view document) {
  if (document.empty()) {
    *this = {};
    return true;
  }
  return read(static_cast<uint8_t>(document[0]), document.substr(1));
}

bool JsonNode::read(uint8_t its_type, std::string_view from) {
  uint64_t size = extent(its_type, from);
  if (size > from.size()) return false;
  *this = {};
  type = its_type;
  bytes = from.substr(0, size);
  return true;
}

// Layout: count, size in bytes, for each member of an object its key's offset and length (2 bytes), for each
// value its type and its offset or the value itself; all others `width` bytes. Offsets count from the first.
bool JsonNode::take_apart() {
  if (!is_object() && !is_array()) return false;
  if (apart) return true;
  size_t width = type == SmallObject || type == SmallArray ? 2 : 4;
  Cursor in(bytes);
  uint64_t count = in.little(width);
  in.skip(width);
  uint64_t entry = 1 + width + (is_object() ? width + 2 : 0);
  if (in.bad() || count * entry > in.left()) return false;
  Cursor key_entries(in.bytes(is_object() ? count * (width + 2) : 0));
  // Each byte belongs to one value: offsets that lead to the same ones again and again would make of a small
  // document a huge one.
  uint64_t budget = bytes.size();
  auto at = [&](uint64_t offset) { return bytes.substr(std::min<uint64_t>(offset, bytes.size())); };
  auto spend = [&](uint64_t n) {
    bool fits = n <= budget;
    budget -= fits ? n : 0;
    return fits;
  };
  keys.clear();
  values.clear();
  values.resize(count);
  for (JsonNode& value : values) {
    if (is_object()) {
      std::string_view from = at(key_entries.little(width));
      size_t length = key_entries.u16();
      if (length > from.size() || !spend(length)) return false;
      keys.emplace_back(from.substr(0, length));
    }
    uint8_t value_type = in.u8();
    std::string_view inlined = in.bytes(width);
    bool stands_here = inlined_bytes(value_type, width) > 0;
    if (!value.read(value_type, stands_here ? inlined : at(Cursor(inlined).little(width)))) return false;
    if (!spend(value.bytes.size())) return false;
  }
  apart = true;
  return true;
}

size_t JsonNode::place_of(std::string_view key) const {
  auto before = [](std::string_view a, std::string_view b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  };
  return static_cast<size_t>(std::lower_bound(keys.begin(), keys.end(), key, before) - keys.begin());
}

JsonNode JsonNode::string(std::string_view text, std::string& bytes) {
  bytes.clear();
  size_t length = text.size();
  for (; length >= 0x80; length >>= 7) bytes += static_cast<char>(length | 0x80);
  bytes += static_cast<char>(length);
  bytes += text;
  JsonNode node;
  node.type = String;
  node.bytes = bytes;
  return node;
}

size_t JsonNode::size() const {
  if (!apart) return bytes.size();
  size_t total = 8 + 6 * keys.size() + 5 * values.size();
  for (const std::string& key : keys) total += key.size();
  for (const JsonNode& value : values) total += inlined_bytes(value.type, 4) ? 0 : value.size();
  return total;
}

// What was taken apart is written in the large form, which holds everything.
char* JsonNode::write(char* out) const {
  if (!apart) return put(out, bytes);
  char* begin = out;
  out = put(out, values.size(), 4);
  out = put(out, size(), 4);
  char* content = out + 6 * keys.size() + 5 * values.size();
  for (const std::string& key : keys) {
    out = put(out, static_cast<uint64_t>(content - begin), 4);
    out = put(out, key.size(), 2);
    content = put(content, key);
  }
  for (const JsonNode& value : values) {
    out = put(out, value.written_type(), 1);
    if (inlined_bytes(value.type, 4)) {
      put(put(out, 0, 4) - 4, value.bytes);
      out += 4;
      continue;
    }
    out = put(out, static_cast<uint64_t>(content - begin), 4);
    content = value.write(content);
  }
  return content;
}

}  // namespace sluice::mysql
