// SetAside: the rows of tables whose columns are not known at this place of the log, and the schema changes
// between them. What is kept here is on its way to the store, which saves it with the checkpoint; once the
// columns are told, it is read back from there. A table is set aside as long as any event of it is: what
// comes later queues behind.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "model/aside.h"
#include "model/catalogue.h"

namespace sluice::mysql {

class SetAside {
 public:
  // `store` may be null: nothing can be set aside. `most_bytes`: of all events together; 0: none from now on.
  // `seal`: under which the events lie; empty: in plain.
  SetAside(AsideStore* store, uint64_t most_bytes, Secret seal)
      : store_(store), most_bytes_(most_bytes), seal_(std::move(seal)) {}

  bool enabled() const { return store_ != nullptr && most_bytes_ > 0; }
  // What runs before this one left. `fold`: names are compared without regard to case.
  Result<void> load(bool fold);

  bool empty() const { return names_.empty(); }
  bool holds(const TableName& name) const { return !names_.empty() && names_.contains(key(name)); }
  // `event` without an id. `first`: its first change's place in the transaction, which has so many of them;
  // `named`: the tables of a schema change, all of which are set aside from now on.
  Result<void> add(AsideEvent event, uint32_t first, uint32_t changes,
                   const std::vector<TableName>& named = {});

  // The open transaction's end, and what undoes a part of it: from this change on. How many changes that
  // were.
  void close(uint64_t xid);
  uint32_t take_back(uint32_t from);
  // It will be read again.
  void forget_open();
  // Into the batch that is handed over. Of an open transaction the last event is kept back.
  void hand_over(AsideChanges& batch, bool open);
  uint64_t pending_bytes() const { return pending_bytes_; }

  // The log itself has told the columns, as of now.
  void tell(TablePtr table);
  // What is known of the tables, as of the first event that is set aside of each.
  Catalogue& told() { return told_; }
  // Whether it is worth while to try what is set aside.
  bool due() const { return due_; }
  void set_due() { due_ = true; }

  // A pass over all of it, between transactions: next() gives one event after the other, of id 0 at the end,
  // and each is either released or kept; done() ends it. False: not everything is saved yet.
  Result<bool> begin_pass();
  bool passing() const { return passing_; }
  Result<AsideEvent> next();
  // Of an event from next(): what was packed.
  Result<std::string> packed(const AsideEvent& event) const;
  void release(const AsideEvent& event);
  void keep(const AsideEvent& event, const std::vector<TableName>& named = {});
  bool is_blocked(const TableName& name) const { return left_.contains(key(name)); }
  void done();

  std::vector<AsideTable> tables() const;
  uint64_t bytes() const { return bytes_; }

 private:
  struct Count {
    AsideTable table;
    bool ddl = false;  // a schema change is among its events
  };
  struct Open {
    AsideEvent event;  // its bytes are gone once it was handed over
    uint64_t bytes;
    uint32_t first, changes;
    bool handed = false;
  };
  using Counts = std::map<TableName, Count>;
  TableName key(const TableName& name) const;
  void count(Counts& counts, const AsideEvent& event, uint64_t bytes) const;
  void hold(const std::vector<TableName>& named);

  AsideStore* store_;
  const uint64_t most_bytes_;
  const Secret seal_;
  bool fold_ = false;
  uint64_t whole_ = 0;          // the last id of a whole transaction
  uint64_t bytes_ = 0;          // of all, those of the open transaction among them
  uint64_t pending_bytes_ = 0;  // not handed over
  Counts counts_;               // without the open transaction
  std::set<TableName> names_;   // by key
  std::vector<Open> open_;
  std::vector<AsideEvent> ready_;  // of whole transactions, not handed over
  Catalogue told_;
  bool due_ = false;

  bool passing_ = false;
  uint64_t at_ = 0;
  std::vector<uint64_t> released_;  // not handed over
  Counts left_;
};

}  // namespace sluice::mysql
