// What canal calls a statement that changes schemas.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::canal {

// canal's EventType by number (EntryProtocol.proto).
enum class EventType : uint8_t {
  Insert = 1,
  Update = 2,
  Delete = 3,
  Create = 4,
  Alter = 5,
  Erase = 6,  // DROP TABLE
  Query = 7,  // every other one
  Truncate = 8,
  Rename = 9,
  CreateIndex = 10,
  DropIndex = 11,
};

// CREATE, CINDEX, …: as flat messages have it.
std::string_view name_of(EventType type);

// By its first words. ALTER TABLE goes by the first of what it does: an index that is added or dropped, or a
// new name, is what it is called after.
EventType type_of_statement(std::string_view sql);

}  // namespace sluice::canal
