#include "simulate/sim_source.h"

#include "base/check.h"

namespace sluice::simulate {

Result<void> SimSource::open(const Position& from) {
  if (interrupted_) return stopped();
  if (!power_.step()) return dead();
  if (random_.once_in(10)) return retryable("the server is not there yet");
  if (opened_) {
    // A connection that was lost: goes on behind what was read.
    CHECK(from == resume_ || !resume_.known());
    return {};
  }
  opened_ = true;
  if (from.known()) {
    transaction_ = world_.find(from);
    resume_ = from;
  } else {
    nothing_read_ = true;
  }
  return {};
}

Result<Source::More> SimSource::read(Batch& batch) {
  if (++reads_ == at_read_number) at_read();
  if (interrupted_) return stopped();
  if (!power_.step()) return dead();
  if (random_.once_in(25)) return retryable("the connection was lost");
  if (nothing_read_) {
    nothing_read_ = false;
    batch.resume = resume_ = world_.position(0);
    return More::Yes;
  }
  if (!random_.once_in(12)) fill(batch);
  batch.resume = resume_;
  return transaction_ == world_.log().size() ? More::End : More::Yes;
}

void SimSource::fill(Batch& batch) {
  size_t most = 1 + random_.below(15);
  while (batch.changes.size() < most && transaction_ < world_.log().size()) {
    const LogTransaction& tx = world_.log()[transaction_];
    if (change_ < tx.changes) add_change(batch);
    if (change_ < tx.changes) continue;
    batch.catalogue.insert(batch.catalogue.end(), tx.catalogue.begin(), tx.catalogue.end());
    change_ = 0;
    resume_ = world_.position(++transaction_);
  }
}

void SimSource::add_change(Batch& batch) {
  const LogTransaction& tx = world_.log()[transaction_];
  if (batch.changes.empty() || batch.transactions.back().id != tx.gtid) {
    batch.transactions.push_back({.id = tx.gtid, .begin = tx.begin});
    if (!resume_.gtids.empty()) batch.transactions.back().gtid = tx.gtid;
  }
  batch.events.push_back({.file = tx.file, .offset = tx.begin, .next = tx.begin + 10 * (change_ + 1)});
  Change change;
  change.op = tx.catalogue.empty() ? Op::Insert : Op::Ddl;
  if (change.op == Op::Insert) {
    change.table = batch.hold(world_.table());
    Cell* cell = batch.arena.array<Cell>(1);
    *cell = {};
    cell->kind = Kind::Uint;
    cell->u = row_of(tx.gtid, change_);
    change.after = {cell, 1, 0};
  }
  change.last = change_ + 1 == tx.changes;
  change.index = change_++;
  change.transaction = static_cast<uint32_t>(batch.transactions.size() - 1);
  change.event = static_cast<uint32_t>(batch.events.size() - 1);
  batch.changes.push_back(change);
}

void SimSource::confirm(const Position& position) {
  size_t transactions = world_.find(position);
  CHECK(transactions >= confirmed_);
  confirmed_ = transactions;
}

}  // namespace sluice::simulate
