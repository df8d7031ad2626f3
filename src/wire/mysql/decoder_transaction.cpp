#include <algorithm>

#include "base/log.h"
#include "wire/mysql/decoder_impl.h"

namespace sluice::mysql {
namespace {

// Moves the changes of one transaction, from `first` on, to the end of `to`.
void move_changes(Batch& from, size_t first, Batch& to) {
  auto transaction = static_cast<uint32_t>(to.transactions.size());
  for (size_t i = first; i < from.changes.size(); ++i) {
    to.adopt(from, from.changes[i]);
    to.changes.back().transaction = transaction;
    to.transactions.resize(transaction + 1);
  }
  from.changes.resize(first);
}

// What stands behind the words; names are compared without regard to case.
std::string savepoint_name(std::string_view sql) {
  std::string text(sql);
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  for (std::string_view word : {"rollback ", "work ", "to ", "savepoint "}) {
    if (text.starts_with(word)) text.erase(0, word.size());
  }
  return text;
}

}  // namespace

void Decoder::Impl::begin_transaction(bool block) {
  tx_ = {};
  tx_.open = true;
  tx_.block = block;
  tx_.begin = event_begin_;
  tx_.id = server_uuid_.empty() ? fmt::format("{}:{}", file_, event_begin_)
                                : fmt::format("{}:{}:{}", server_uuid_, file_, event_begin_);
  transaction_ = kNone;
  rows_query_.clear();
}

// The open transaction as an executed one.
void Decoder::Impl::count_in(GtidSet& gtids) const {
  if (!tx_.has_gtid || beyond_gtids_) return;
  if (tx_.gtid.flavor == Flavor::MariaDb) {
    gtids.set(tx_.gtid.domain, tx_.gtid.server_id, tx_.gtid.number);
  } else {
    gtids.add(tx_.gtid.sid, tx_.gtid.number);
  }
}

// Where what a schema change made begins to hold.
Position Decoder::Impl::behind_ddl(const EventHeader& header) const {
  Position place = position_;
  place.offset = at_;
  place.server_uuid = server_uuid_;
  place.timestamp = header.timestamp;
  count_in(place.gtids);
  return place;
}

void Decoder::Impl::end_transaction(Batch& batch) {
  if (!tx_.open) return;
  if (transaction_ != kNone) {
    batch.transactions[transaction_].xid = tx_.xid;
    if (!batch.changes.empty() && batch.changes.back().transaction == transaction_)
      batch.changes.back().last = true;
  }
  aside_.close(tx_.xid);
  // Asked for what is not in a set, a MySQL server may pass over a file of which no list of GTIDs tells.
  if (options_.live && position_.flavor == Flavor::MySql && !tx_.has_gtid) {
    position_.gtids.clear();
    beyond_gtids_ = true;
  }
  count_in(position_.gtids);
  catching_up_ = false;
  tx_.open = false;
  transaction_ = kNone;
  handed_id_.clear();
  handed_ = 0;
  touch_progress();
}

// Removes the changes from this place in the transaction on, where they were not handed over yet.
uint32_t Decoder::Impl::take_back(uint32_t from, Batch& batch) {
  uint32_t count = aside_.take_back(from);
  while (!batch.changes.empty() && transaction_ != kNone &&
         batch.changes.back().transaction == transaction_ && batch.changes.back().index >= from) {
    batch.changes.pop_back();
    ++count;
  }
  return count;
}

void Decoder::Impl::set_savepoint(std::string_view sql) {
  std::string name = savepoint_name(sql);
  std::erase_if(tx_.savepoints, [&](const Savepoint& old) { return old.name == name; });
  tx_.savepoints.push_back({std::move(name), tx_.changes});
}

// Stands in a log of rows where the transaction also touched tables that cannot be rolled back: their rows
// have transactions of their own, before it.
Result<void> Decoder::Impl::roll_back_to(std::string_view sql, Batch& batch) {
  std::string name = savepoint_name(sql);
  std::vector<Savepoint>& known = tx_.savepoints;
  while (!known.empty() && known.back().name != name) known.pop_back();
  if (known.empty())
    return fatal("a transaction was rolled back to a savepoint that it does not have ({})", quoted(sql));
  uint32_t wanted = tx_.changes - known.back().changes;
  uint32_t taken = take_back(known.back().changes, batch);
  if (taken != wanted) {
    return fatal(
        "the last {} changes of a transaction were rolled back ({}) after {} of them were delivered. "
        "Leave its tables out, or read from behind it",
        wanted, quoted(sql), wanted - taken);
  }
  tx_.changes = known.back().changes;
  return {};
}

// Row-based logs leave a rolled-back transaction out; where one is in (it also touched what cannot be rolled
// back), its rows must not be shown.
Result<void> Decoder::Impl::roll_back(Batch& batch, std::string_view why) {
  if (!withheld_.is_empty()) {
    log::warning("{}: a transaction with {} bytes of changes {}; they are not shown", where(),
                 withheld_.bytes(), why);
    withheld_.drop();
  }
  uint32_t here = take_back(0, batch);
  if (here != tx_.changes) {
    return fatal(
        "a transaction of {} changes {} after {} of them were delivered. Leave its tables out, or read from "
        "behind it",
        tx_.changes, why, tx_.changes - here);
  }
  if (here) log::warning("{}: a transaction of {} changes {}; they are not shown", where(), here, why);
  end_transaction(batch);
  return {};
}

// A server that dies while it writes a transaction may leave the first part of it in the log. It never
// committed, and replicas roll it back (Format_description_log_event::do_apply_event).
Result<void> Decoder::Impl::abandon(Batch& batch) {
  if (!tx_.open) return {};
  tx_.has_gtid = false;
  prepared_.drop();
  return roll_back(batch, "was never finished (its server died)");
}

void Decoder::Impl::open_batch(Batch& batch) {
  batch_ = &batch;
  cell_bytes_ = inflated_bytes_ = 0;
  transaction_ = event_ = kNone;
  file_copy_ = query_copy_ = {};
  if (held_.changes.empty()) return;
  move_changes(held_, 0, batch);
  transaction_ = static_cast<uint32_t>(batch.transactions.size() - 1);
  held_.reset();
}

// How many changes of the open transaction must not be handed over yet: its last one may be the last of all,
// and what stands behind a savepoint may still be taken back.
size_t Decoder::Impl::kept_back(const Batch& batch) const {
  bool of_it =
      transaction_ != kNone && !batch.changes.empty() && batch.changes.back().transaction == transaction_;
  // Rows that were set aside may stand behind it.
  uint32_t from = of_it ? batch.changes.back().index : tx_.changes;
  // An event that fills batches by itself goes on with the next one.
  if (of_it && options_.whole_events && rows_done_ == 0) {
    from = std::min(from, batch.events[batch.changes.back().event].first);
  }
  // With the change before it, which is the last one if nothing follows what is taken back.
  if (keeps_back(batch)) {
    uint32_t before = tx_.savepoints.front().changes;
    from = std::min(from, before ? before - 1 : 0);
  }
  size_t kept = 0;
  while (kept < batch.changes.size() && transaction_ != kNone) {
    const Change& change = batch.changes[batch.changes.size() - 1 - kept];
    if (change.transaction != transaction_ || change.index < from) break;
    ++kept;
  }
  return kept;
}

void Decoder::Impl::finish(Batch& batch, bool end) {
  if (batch_ != &batch) open_batch(batch);
  if (tx_.open) {
    size_t kept = end ? 0 : kept_back(batch);
    uint32_t handed = kept ? batch.changes[batch.changes.size() - kept].index : tx_.changes;
    move_changes(batch, batch.changes.size() - kept, held_);
    // Coming again, it may not have come as far as before.
    handed_ = handed_id_ == tx_.id ? std::max(handed_, handed) : handed;
    handed_id_ = tx_.id;
  }
  batch.resume = position_;
  batch.resume.server_uuid = server_uuid_;
  batch.flavor = server_.flavor;
  batch.catalogue = catalogue_.take_changes();
  aside_.hand_over(batch.aside, tx_.open && !end);
  batch_ = nullptr;
  transaction_ = kNone;
}

// Between transactions every event moves the place to go on from. A dump by GTID set begins with the head of
// the file that it found, or of the one before, which is no step back.
void Decoder::Impl::touch_progress() {
  if (catching_up_) {
    auto order = compare_log_files(file_, position_.file);
    if (order < 0 || (order == 0 && at_ < position_.offset)) return;
    catching_up_ = false;
  }
  position_.file = file_;
  position_.offset = at_;
  if (timestamp_) position_.timestamp = timestamp_;
}

}  // namespace sluice::mysql
