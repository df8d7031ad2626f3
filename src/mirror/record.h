// Record: what the encoder of a mirror says of a change, and its sink carries out. The message's value is
// act, three bytes unused, the key's size as 32 bits, key, values; both spelt as the target takes them.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/bytes.h"

namespace sluice::mirror {

enum class Act : uint8_t {
  Upsert,  // values: of every column of the shape; key
  Append,  // the same without a key
  Patch,   // values: Parts; key: of a row that must be there
  Begin,   // values: Parts; key: of a row that may be there
  Delete,  // key; of a table that has none, what matches the row
  Refuse,  // values: why this change cannot be mirrored
  Create,  // the schema changes. Values of Alter and RenameTo: Steps
  Alter,
  Drop,
  Truncate,
  RenameFrom,  // goes in front of RenameTo, both of one change
  RenameTo,
  Replace,  // one that was there goes with its rows, a new one comes
};

constexpr bool shapes(Act act) { return act >= Act::Create; }

struct Record {
  Act act;
  std::string_view key, values;
};

constexpr size_t kRecordHead = 8;

inline Record read_record(std::string_view message) {
  uint32_t key_size;
  std::memcpy(&key_size, message.data() + 4, sizeof key_size);
  std::string_view rest = message.substr(kRecordHead);
  return {static_cast<Act>(message[0]), rest.substr(0, key_size), rest.substr(key_size)};
}

// Begins a record; the key is then appended, and end_key() called.
inline size_t begin_record(Bytes& out, Act act) {
  size_t begin = out.size();
  char head[kRecordHead] = {static_cast<char>(act)};
  out.append({head, sizeof head});
  return begin;
}

inline void end_key(Bytes& out, size_t begin) {
  auto size = static_cast<uint32_t>(out.size() - begin - kRecordHead);
  std::memcpy(out.data() + begin + 4, &size, sizeof size);
}

// One value of some columns' values: the column's ordinal in the shape and the size as 32 bits, the value.
inline size_t begin_part(Bytes& out, uint32_t column) {
  size_t begin = out.size();
  uint32_t head[2] = {column, 0};
  out.append({reinterpret_cast<const char*>(head), sizeof head});
  return begin;
}

inline void end_part(Bytes& out, size_t begin) {
  auto size = static_cast<uint32_t>(out.size() - begin - 8);
  std::memcpy(out.data() + begin + 4, &size, sizeof size);
}

// Calls visit(column, value) for each.
template <class Visit>
void each_part(std::string_view parts, Visit visit) {
  while (!parts.empty()) {
    uint32_t head[2];
    std::memcpy(head, parts.data(), sizeof head);
    visit(head[0], parts.substr(8, head[1]));
    parts.remove_prefix(8 + head[1]);
  }
}

}  // namespace sluice::mirror
