// Parked messages: what a target refused, and what waits behind it because it speaks of the same rows. They
// lie in the state until somebody has them tried again, or drops them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/position.h"

namespace sluice {

struct ParkedMessage {
  uint64_t id = 0;  // the store's own, in the order of parking; never given twice
  std::string lane;
  std::string change;       // the id of its change
  uint32_t part = 0;        // its number among that change's messages
  std::string table;        // database.table; empty: of no single one
  std::string key;          // the primary key's values, for people
  std::string destination;  // empty: a target of lines
  int64_t since_us = 0;     // microseconds since 1970 UTC
  std::string reason;       // why the target refuses it; empty: it waits behind another
  bool asked = false;       // somebody wants it tried again
  Position place;           // where its change ends in the log; `gtids` is that of its transaction alone
  std::vector<uint64_t> subject;  // what it speaks of: ParkIndex knows how to read it
  uint64_t bytes = 0;             // of `message`
  std::string message;            // as the lane packed it; empty where it was not asked for
};

// What changes in one step with a checkpoint.
struct ParkChanges {
  struct Refused {
    uint64_t id;
    std::string reason;
  };
  std::vector<ParkedMessage> added;  // what is there already is passed over
  std::vector<uint64_t> removed;     // by id
  std::vector<Refused> refused;      // tried again in vain: no longer asked for

  bool empty() const { return added.empty() && removed.empty() && refused.empty(); }
  void clear() {
    added.clear();
    removed.clear();
    refused.clear();
  }
};

// Where they lie. Any thread.
class ParkStore {
 public:
  virtual ~ParkStore() = default;
  // Those of the lane, or of all lanes where it is empty, in the order of their ids and without `message`.
  // `visit` must not call the store.
  virtual Result<void> each_parked(std::string_view lane,
                                   const std::function<void(const ParkedMessage&)>& visit) = 0;
  // With `message`; nothing: there is none of this id.
  virtual Result<std::optional<ParkedMessage>> find_parked(uint64_t id) = 0;
  // Asks for them to be tried again; no ids: all that the target refused. How many there were.
  virtual Result<uint64_t> ask_parked(std::string_view lane, const std::vector<uint64_t>& ids) = 0;
  // No ids: all. How many there were.
  virtual Result<uint64_t> drop_parked(std::string_view lane, const std::vector<uint64_t>& ids) = 0;
};

}  // namespace sluice
