#include "pipeline/encoded.h"

#include <algorithm>
#include <functional>
#include <span>

#include "pipeline/progress.h"

namespace sluice {
namespace {

constexpr size_t kFewestSlots = 64;

// The index of the first message that belongs to the transaction that goes on in the next batch.
size_t whole_messages(const Parcel& parcel, const std::vector<Message>& messages) {
  if (!parcel.moves) return Delivery::kInside;
  size_t whole = messages.size();
  if (parcel.open == Parcel::kNone) return whole;
  while (whole > 0 && parcel.batch.changes[messages[whole - 1].change].transaction == parcel.open) --whole;
  return whole;
}

const Row& row_of(const Message& message, const Change& change) {
  return message.of_before || !change.after ? change.before : change.after;
}

size_t hash_of(const Address& address, std::string_view key) {
  size_t hash = std::hash<std::string_view>()(key);
  for (uint64_t part : {uint64_t{address.destination}, static_cast<uint64_t>(address.partition),
                        static_cast<uint64_t>(address.hash)}) {
    hash = (hash ^ part) * 0x9e3779b97f4a7c15;  // 2^64 over the golden ratio
    hash ^= hash >> 32;
  }
  return hash;
}

bool same_place(const Address& a, const Address& b) {
  return a.destination == b.destination && a.partition == b.partition && a.hashed == b.hashed &&
         a.hash == b.hash && a.keyed == b.keyed;
}

}  // namespace

Encoded::Encoded(Making making)
    : making_(std::move(making)),
      view_(making_.view),
      route_(making_.route),
      outbox_(making_.route ? making_.route->places : Places::None, making_.encoder->binary()),
      in_order_(making_.encoder->in_order()),
      headed_(making_.encoder->headed() && !outbox_.addressed()) {}

Delivery Encoded::delivery() const {
  // What was set aside reaches a target that is further than where the others are, and must not put it back.
  const Position* position = whole_ == Delivery::kInside || passed_ ? nullptr : &parcel_->batch.resume;
  return {parcel_->batch,
          outbox_.messages,
          outbox_.bytes.view(),
          whole_,
          position,
          outbox_.routed() ? &outbox_ : nullptr,
          outbox_.headings,
          outbox_.words.view(),
          making_.encoder->binary(),
          nullptr,
          making_.rows,
          shown_};
}

void Encoded::clear() {
  parcel_.reset();
  outbox_.clear();
  shown_.clear();
  outbox_.bytes.shrink(kKeepBytes);
  outbox_.words.shrink(kKeepBytes);
  headed_tables_.clear();
  if (outbox_.messages.capacity() > kKeepMessages) outbox_.messages.shrink_to_fit();
  if (outbox_.addresses.capacity() > kKeepMessages) outbox_.addresses.shrink_to_fit();
  if (shown_.capacity() > kKeepMessages) shown_.shrink_to_fit();
  arena_.reset();
  fault_.reset();
  run_.clear();  // of a fault in the middle
  if (buckets_.size() > kKeepMessages) buckets_.clear();
}

void Encoded::make(BatchPool::Shared parcel, const Position* delivered) {
  parcel_ = std::move(parcel);
  const Batch& batch = parcel_->batch;
  const Position* over = parcel_->late() ? nullptr : delivered;
  route_.begin();
  if (plain() && !over) {
    make_plain(batch);
  } else if (auto made = make_each(batch, over); !made) {
    fault_ = std::move(made).error();
  }
  whole_ = whole_messages(*parcel_, outbox_.messages);
  passed_ = delivered && !covers(batch.resume, *delivered);
}

void Encoded::make_plain(const Batch& batch) {
  for (uint32_t i = 0; i < batch.changes.size(); ++i) {
    outbox_.begin(i);
    making_.encoder->encode(batch, {&batch.changes[i], 1}, outbox_);
    outbox_.end_message();
  }
}

Result<void> Encoded::make_each(const Batch& batch, const Position* delivered) {
  if (making_.rows && view_.narrows()) shown_.resize(batch.changes.size());
  uint32_t known = Parcel::kNone;  // the transaction that `skip` speaks of
  bool skip = false;
  for (uint32_t i = 0; i < batch.changes.size(); ++i) {
    const Change& change = batch.changes[i];
    if (delivered && change.transaction != known) {
      known = change.transaction;
      skip = covers(*delivered, batch, change);
    }
    if (skip) continue;
    SLUICE_TRY(make_one(batch, i));
    // Its last change may have been left out before the batch came here.
    uint32_t next = i + 1 < batch.changes.size() ? batch.changes[i + 1].transaction : parcel_->open;
    if (in_order_ && next != change.transaction) SLUICE_TRY(end_transaction(batch, i));
  }
  return group(batch);
}

Result<void> Encoded::make_one(const Batch& batch, uint32_t index) {
  const Change& change = batch.changes[index];
  std::optional<Change> narrowed;
  if (view_.narrows()) {
    SLUICE_ASSIGN(seen, view_.show(batch, change, arena_));
    if (!seen) return {};
    narrowed = seen;
    if (!shown_.empty()) shown_[index] = *seen;
  }
  const Change& shown = narrowed ? *narrowed : change;
  if (!making_.encoder->grouped()) return single(batch, shown, index);
  if (!joins_run(shown)) SLUICE_TRY(group(batch));
  run_.push_back(shown);
  run_end_ = index;
  return {};
}

Result<void> Encoded::single(const Batch& batch, const Change& change, uint32_t index) {
  size_t first = outbox_.messages.size();
  outbox_.begin(index);
  making_.encoder->encode(batch, {&change, 1}, outbox_);
  outbox_.end_message();
  SLUICE_TRY(set_addresses(batch, change, first));
  if (!headed_ || !change.table || first == outbox_.messages.size()) return {};
  const Table* table = change.table;
  if (change.op == Op::Ddl && view_.narrows()) {
    SLUICE_ASSIGN(shown, view_.show(*change.table));
    table = shown;
  }
  set_headings(*table, first);
  return {};
}

Result<void> Encoded::end_transaction(const Batch& batch, uint32_t index) {
  const Change& last = batch.changes[index];
  size_t first = outbox_.messages.size();
  outbox_.begin(index);
  making_.encoder->end_transaction(batch, last, outbox_);
  outbox_.end_message();
  return set_addresses(batch, last, first);
}

Result<void> Encoded::set_addresses(const Batch& batch, const Change& change, size_t first) {
  if (!route_.routes()) return {};
  for (size_t i = first; i < outbox_.messages.size(); ++i) {
    const Row& row = row_of(outbox_.messages[i], change);
    Change spoken = change;
    // Of a table that is renamed, what is said of it before goes where it was.
    if (change.op == Op::Ddl && outbox_.messages[i].of_before)
      spoken.table = batch.events[change.event].ddl_before;
    SLUICE_TRY(route_.complete(batch, spoken, row, outbox_.addresses[i], outbox_));
  }
  return {};
}

void Encoded::set_headings(const Table& table, size_t first) {
  for (size_t i = first; i < outbox_.messages.size(); ++i) {
    size_t destination = outbox_.routed() ? outbox_.addresses[i].destination : 0;
    if (destination >= headed_tables_.size()) headed_tables_.resize(destination + 1);
    if (headed_tables_[destination] == table.serial) continue;
    headed_tables_[destination] = table.serial;
    size_t begin = outbox_.words.size();
    making_.encoder->heading(table, outbox_.words);
    outbox_.headings.push_back({i, begin, static_cast<uint32_t>(outbox_.words.size() - begin)});
  }
}

bool Encoded::joins_run(const Change& change) const {
  if (run_.empty()) return true;
  const Change& last = run_.back();
  return last.event == change.event && last.table == change.table && last.op == change.op;
}

Result<void> Encoded::group(const Batch& batch) {
  if (run_.empty()) return {};
  if (!route_.routes()) {  // to one place
    outbox_.begin(run_end_);
    making_.encoder->encode(batch, run_, outbox_);
    outbox_.end_message();
    run_.clear();
    return {};
  }
  used_ = 0;
  spread_buckets(kFewestSlots);
  for (const Change& change : run_) {
    Address address;
    SLUICE_TRY(route_.complete(batch, change, change.after ? change.after : change.before, address, outbox_));
    bucket_of(address).changes.push_back(change);
  }
  run_.clear();
  for (const Bucket& bucket : std::span(buckets_).first(used_)) {
    size_t first = outbox_.messages.size();
    outbox_.begin(run_end_);
    making_.encoder->encode(batch, bucket.changes, outbox_);
    outbox_.end_message();
    SLUICE_TRY(set_addresses(batch, bucket.changes.back(), first));
  }
  return {};
}

// Buckets keep their room from one run to the next.
Encoded::Bucket& Encoded::bucket_of(const Address& address) {
  std::string_view key = outbox_.word(address.key, address.key_size);
  size_t hash = hash_of(address, key), mask = bucket_slots_.size() - 1, slot = hash & mask;
  for (; bucket_slots_[slot] != 0; slot = (slot + 1) & mask) {
    Bucket& each = buckets_[bucket_slots_[slot] - 1];
    if (each.hash == hash && same_place(each.address, address) && each.key == key) return each;
  }
  if (used_ == buckets_.size()) buckets_.emplace_back();
  Bucket& bucket = buckets_[used_++];
  bucket_slots_[slot] = static_cast<uint32_t>(used_);
  bucket.address = address;
  bucket.key = key;
  bucket.hash = hash;
  bucket.changes.clear();
  if (2 * used_ > bucket_slots_.size()) spread_buckets(4 * bucket_slots_.size());
  return bucket;
}

void Encoded::spread_buckets(size_t slots) {
  bucket_slots_.assign(slots, 0);
  for (size_t i = 0; i < used_; ++i) {
    size_t slot = buckets_[i].hash & (slots - 1);
    while (bucket_slots_[slot] != 0) slot = (slot + 1) & (slots - 1);
    bucket_slots_[slot] = static_cast<uint32_t>(i + 1);
  }
}

}  // namespace sluice
