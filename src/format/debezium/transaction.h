// What Debezium says of transactions (provide.transaction.metadata): each row's place in its transaction, and
// the messages that open and close one. TransactionBlock: the count that both rest on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "model/batch.h"

namespace sluice::debezium {

// When a transaction was committed, microseconds since 1970 UTC, as exactly as the log says.
inline uint64_t commit_us(const Transaction& transaction, const Event& event) {
  return transaction.commit_us != 0 ? transaction.commit_us : uint64_t{event.timestamp} * 1'000'000;
}

// One thread's own; is given the rows in the order of the log.
class TransactionBlock {
 public:
  // `schemas`: messages and keys come with theirs.
  explicit TransactionBlock(bool schemas);

  bool is_open() const { return !id_.empty(); }
  // Of the transaction of this change.
  bool is_open(const Batch& batch, const Change& change) const;
  void open(const Batch& batch, const Change& change);
  void close() { id_.clear(); }

  // A row of the transaction in hand goes out.
  void count(const Table& table);
  // {"id":"…","total_order":3,"data_collection_order":1}, of the row counted last.
  void append(Bytes& out) const;
  // Of the transaction in hand. `ended`: the message that closes it, with all counts.
  void append_message(Bytes& out, bool ended) const;
  void append_key(Bytes& out) const;

 private:
  struct Count {
    std::string name;      // quoted
    uint64_t rows = 0;     // in the transaction
    uint64_t transaction;  // by number; the rows of another one do not count
  };
  // Beyond so many table versions they are forgotten between two transactions.
  static constexpr size_t kMostTables = 10'000;

  const std::string key_head_, value_head_, tail_;
  Bytes id_;            // as Debezium names it, within quotes; empty: no transaction is open
  std::string opened_;  // Transaction::id
  uint64_t number_ = 0, rows_ = 0;
  uint64_t ms_ = 0;                             // when it was committed
  std::unordered_map<uint64_t, Count> counts_;  // by the table's serial
  std::vector<Count*> told_;  // of the transaction in hand, in the order of their first rows
  Count* last_ = nullptr;
  uint64_t last_serial_ = 0;
};

}  // namespace sluice::debezium
