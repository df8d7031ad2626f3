// JsonTree: a binary JSON document that can be changed. What is not touched stays the bytes that it was; what
// is, is taken apart one level at a time and written anew.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::mysql {

// One value: its type, as in sql-common/json_binary.cc of the server, and either its bytes, which belong to
// somebody else, or, once it was taken apart, its members.
struct JsonNode {
  enum Type : uint8_t {
    SmallObject = 0,
    LargeObject = 1,
    SmallArray = 2,
    LargeArray = 3,
    Literal = 4,
    Int16 = 5,
    Uint16 = 6,
    Int32 = 7,
    Uint32 = 8,
    Int64 = 9,
    Uint64 = 10,
    Double = 11,
    String = 12,
    Opaque = 15,
  };
  uint8_t type = Literal;
  bool apart = false;
  std::string_view bytes = {"\0", 1};  // null
  std::vector<JsonNode> values;
  std::vector<std::string> keys;  // of an object, as many

  bool is_object() const { return type <= LargeObject; }
  bool is_array() const { return type == SmallArray || type == LargeArray; }

  // From a document or, with its type known, from the bytes that begin with a value. False: malformed.
  bool read(std::string_view document);
  bool read(uint8_t type, std::string_view bytes);
  // False: malformed, or neither object nor array.
  bool take_apart();
  // Where a key stands, or would stand: the server's order is by length, then by bytes.
  size_t place_of(std::string_view key) const;
  bool has(size_t place, std::string_view key) const { return place < keys.size() && keys[place] == key; }

  static JsonNode string(std::string_view text, std::string& bytes);

  // The type in which it is written, and the bytes that it takes behind that.
  uint8_t written_type() const { return apart ? static_cast<uint8_t>(type | 1) : type; }
  size_t size() const;
  char* write(char* out) const;
};

}  // namespace sluice::mysql
