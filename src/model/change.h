// Change: one row that a committed transaction inserted, updated or deleted, or one schema change. It points
// into its batch (cells, table, transaction, event) and lives as long as the batch.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/cell.h"

namespace sluice {

struct Table;

enum class Op : uint8_t { Insert, Update, Delete, Ddl };

struct Change {
  Op op = Op::Insert;
  bool last = false;  // the last change of its transaction that is delivered
  uint32_t index =
      0;  // 0-based place in its transaction, counted over the delivered changes; same on every reading
  uint32_t transaction = 0;      // index into Batch::transactions
  uint32_t event = 0;            // index into Batch::events
  const Table* table = nullptr;  // kept alive by the batch; of a Ddl the table behind it, null where it
                                 // shapes no single known one
  Row before = {};
  Row after = {};
};

// Facts shared by all changes of one transaction. Text lives in the batch's arena.
struct Transaction {
  std::string_view id;    // GTID, else `server uuid:file:position of its start`
  std::string_view gtid;  // empty where the server has none
  uint64_t commit_us =
      0;               // commit time in microseconds since 1970 UTC; 0: only the events' seconds are known
  uint64_t xid = 0;    // of the engine; 0: not known (yet)
  uint64_t begin = 0;  // file offset of its first event
  // Of an XA transaction: its XID as the server spells it, X'global part',X'branch',format; else empty.
  std::string_view xa = {};
};

// Facts shared by all changes that one event of the log carries.
struct Event {
  std::string_view file;   // log file name
  uint64_t offset = 0;     // of the event's start
  uint64_t next = 0;       // of the event's end
  uint32_t timestamp = 0;  // seconds since 1970 UTC, from the event's header
  uint32_t server_id = 0;  // of the server that wrote it first
  uint32_t thread_id = 0;  // 0: not known
  uint32_t first = 0;      // Change::index of its first change
  std::string_view
      query;  // the statement behind row changes, where the log carries it; of a Ddl, the statement itself
  std::string_view database;          // of a Ddl: the default database of the statement
  std::string_view ddl_table;         // of a Ddl: the table it concerns where that is one table, else empty
  const Table* ddl_before = nullptr;  // of a Ddl that shapes one known table: the table before it
};

}  // namespace sluice
