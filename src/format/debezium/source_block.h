// SourceBlock: where a change comes from, as it stands behind the images of a message. The rows of an event
// share all of it but their number.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "format/debezium/options.h"
#include "format/debezium/plan.h"
#include "format/debezium/transaction.h"
#include "format/snippet.h"
#include "model/batch.h"

namespace sluice::debezium {

// One thread's own.
class SourceBlock {
 public:
  explicit SourceBlock(const Options& options) : options_(options) {}

  void set_connector(std::string_view connector);

  // Appends `"source":{…}` of a schema change.
  void append(Bytes& out, const Batch& batch, const Change& change, std::string_view database,
              const Snippet& place) const;
  // Appends `"source":{…},"transaction":null,"op":"u","ts_ms":…}` of a row; `transaction`: where it is told.
  void append_end(Bytes& out, const Batch& batch, const Change& change, const Plan& plan, char op,
                  const TransactionBlock* transaction);

 private:
  struct Of {
    const Event& event;
    const Transaction& transaction;
    std::string_view database;
    const Snippet& place;
    std::string_view query;
  };
  size_t bound(const Of& of) const;
  char* before_row(char* out, const Of& of) const;
  static char* behind_row(char* out, const Of& of);
  static char* times(char* out, const Batch& batch);

  const Options& options_;
  Snippet head_;  // "source":{… up to ts_ms
  // What the rows of this event share: up to the row's number, up to the operation, and the rest. Spelt with
  // the second of them: reading back what was just written in small pieces makes the processor wait.
  uint64_t batch_ = 0;  // 0: of none
  uint32_t event_ = 0, transaction_ = 0;
  Bytes shared_;
  size_t to_row_ = 0, to_op_ = 0;
};

}  // namespace sluice::debezium
