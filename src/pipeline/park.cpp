#include "pipeline/park.h"

#include <algorithm>

#include "base/clock.h"
#include "pipeline/template.h"

namespace sluice {
namespace {

// Of one try. What the target refuses goes alone, so that nothing behind it is sent before it.
constexpr size_t kMostMessages = 1000;
constexpr uint64_t kMostBytes = 4u << 20;

Position place_of(const Batch& batch, const Change& change) {
  const Event& event = batch.events[change.event];
  Position place;
  place.file = event.file;
  place.offset = event.next;
  place.server_uuid = batch.resume.server_uuid;
  place.flavor = batch.flavor;
  if (auto gtids = GtidSet::parse(batch.transactions[change.transaction].gtid)) place.gtids = *gtids;
  return place;
}

// Where nobody can tell, it is kept.
bool comes_again(const Position& place, const std::optional<Position>& reached) {
  if (!reached) return true;
  return place.known() && (same_log(place, *reached) || !place.gtids.empty()) && !covers(*reached, place);
}

uint32_t part_of(const Delivery& delivery, size_t message) {
  uint32_t part = 0;
  while (message > part && delivery.messages[message - part - 1].change == delivery.messages[message].change)
    ++part;
  return part;
}

std::string name_of(const Batch& batch, const Change& change) {
  if (change.table) return full_name(*change.table);
  const Event& event = batch.events[change.event];
  return event.ddl_table.empty() ? "" : fmt::format("{}.{}", event.database, event.ddl_table);
}

}  // namespace

Park::Park(ParkStore* store, std::string lane, uint64_t most_bytes, bool grouped)
    : store_(store), lane_(std::move(lane)), most_bytes_(most_bytes), grouped_(grouped) {}

void Park::learn(const ParkedMessage& message, std::vector<Known>* into) {
  ParkSubject subject = ParkSubject::unpack(message.subject);
  uint64_t bytes = message.bytes + kOverhead;
  bytes_ += bytes;
  index_.add(subject);
  if (into) into->push_back({message.id, std::move(subject), message.asked, !message.reason.empty(), bytes});
}

Result<void> Park::open(const std::optional<Position>& reached) {
  if (!store_) return {};
  std::vector<uint64_t> again;
  SLUICE_TRY(store_->each_parked(lane_, [&](const ParkedMessage& message) {
    if (comes_again(message.place, reached)) again.push_back(message.id);
  }));
  if (!again.empty()) SLUICE_TRY(store_->drop_parked(lane_, again));
  return reload();
}

Result<void> Park::reload() {
  if (!store_) return {};
  index_.clear();
  bytes_ = 0;
  return store_->each_parked(lane_, [&](const ParkedMessage& message) { learn(message, nullptr); });
}

void Park::add(const Delivery& delivery, size_t number, size_t place, const ParkSubject& subject,
               std::string reason) {
  const Batch& batch = delivery.batch;
  const Change& change = batch.changes[delivery.messages[number].change];
  ParkedMessage parked;
  parked.lane = lane_;
  Bytes text;
  append_id(text, batch, change);
  parked.change = text.view();
  parked.part = part_of(delivery, number);
  parked.table = name_of(batch, change);
  text.clear();
  append_key(text, change,
             delivery.messages[number].of_before || !change.after ? change.before : change.after);
  parked.key = text.view();
  if (delivery.outbox) parked.destination = delivery.destination(delivery.address(number).destination);
  parked.since_us = unix_us();
  parked.reason = std::move(reason);
  parked.place = place_of(batch, change);
  parked.subject = subject.pack();
  Excerpt alone;
  alone.add(delivery, number);
  Delivery message = alone.delivery(delivery, 1);
  message.position = nullptr;
  text.clear();
  pack(message, text);
  parked.message = text.view();
  parked.bytes = parked.message.size();
  bytes_ += parked.bytes + kOverhead;
  index_.add(subject);
  auto behind = std::upper_bound(places_.begin(), places_.end(), place);
  changes_.added.insert(changes_.added.begin() + (behind - places_.begin()), std::move(parked));
  places_.insert(behind, place);
}

Delivery Park::hold_back(const Delivery& delivery) {
  taken_.clear();
  origins_.clear();
  if (index_.empty()) return delivery;
  kept_.clear();
  size_t whole = delivery.whole;
  for (size_t i = 0; i < delivery.messages.size(); ++i) {
    const Change& change = delivery.batch.changes[delivery.messages[i].change];
    ParkSubject subject = ParkSubject::of(delivery.batch, change, grouped_);
    if (!index_.blocks(subject)) {
      kept_.add(delivery, i);
      origins_.push_back(i);
      continue;
    }
    add(delivery, i, i, subject, "");
    if (delivery.whole != Delivery::kInside && i < delivery.whole) --whole;
  }
  return kept_.delivery(delivery, whole);
}

void Park::refuse(const Delivery& delivery, std::span<const Refusal> refused) {
  taken_.resize(delivery.messages.size());
  std::vector<const std::string*> reasons(delivery.messages.size());
  size_t first = reasons.size();
  for (const Refusal& each : refused) {
    reasons[each.message] = &each.why;
    first = std::min(first, each.message);
  }
  for (size_t i = first; i < reasons.size(); ++i) {
    if (taken_[i]) continue;
    const Change& change = delivery.batch.changes[delivery.messages[i].change];
    ParkSubject subject = ParkSubject::of(delivery.batch, change, grouped_);
    if (!reasons[i] && !index_.blocks(subject)) continue;
    taken_[i] = true;
    add(delivery, i, origins_.empty() ? i : origins_[i], subject,
        !reasons[i]           ? ""
        : reasons[i]->empty() ? "refused"
                              : *reasons[i]);
  }
}

// The next of the round that are tried together.
void Park::choose() {
  uint64_t bytes = 0;
  for (; at_ < round_->size(); ++at_) {
    const Known& known = (*round_)[at_];
    if (staying_.blocks(known.subject)) {
      // Nobody can have it tried before what it waits behind.
      if (known.asked && !known.head) changes_.refused.push_back({known.id, ""});
      staying_.add(known.subject);
    } else if (known.head && !known.asked) {
      staying_.add(known.subject);
    } else {
      bool enough = trying_.size() >= kMostMessages || (bytes > 0 && bytes + known.bytes > kMostBytes);
      if (enough || (known.head && !trying_.empty())) return;
      trying_.push_back(known);
      bytes += known.bytes;
      if (!known.head) continue;
      ++at_;
      return;
    }
  }
}

Result<bool> Park::next_try() {
  if (!store_) return false;
  auto more = find_next_try();
  // A failure that passes begins the round anew.
  if (!more || !*more) round_.reset();
  return more;
}

Result<bool> Park::find_next_try() {
  if (!round_) {
    round_.emplace();
    at_ = 0;
    staying_.clear();
    index_.clear();
    bytes_ = 0;
    SLUICE_TRY(store_->each_parked(lane_, [&](const ParkedMessage& message) { learn(message, &*round_); }));
  }
  trying_.clear();
  unpacked_.clear();
  while (trying_.empty() && at_ < round_->size()) {
    choose();
    std::vector<Known> there;
    for (Known& known : trying_) {
      SLUICE_ASSIGN(found, store_->find_parked(known.id));
      if (!found) continue;  // dropped meanwhile
      auto appended = unpacked_.append(found->message);
      if (!appended) {
        return while_doing(fmt::format("cannot send the parked message {}", known.id),
                           std::move(appended).error());
      }
      there.push_back(std::move(known));
    }
    trying_ = std::move(there);
  }
  return !trying_.empty();
}

Delivery Park::trial(uint64_t sequence, const Position& position) {
  return unpacked_.closed_delivery(sequence, position);
}

void Park::tried(std::span<const Refusal> refused) {
  std::vector<const std::string*> reasons(trying_.size());
  for (const Refusal& each : refused) reasons[each.message] = &each.why;
  for (size_t i = 0; i < trying_.size(); ++i) {
    const Known& known = trying_[i];
    if (reasons[i]) {
      changes_.refused.push_back({known.id, reasons[i]->empty() ? "refused" : *reasons[i]});
    } else if (!staying_.blocks(known.subject)) {
      changes_.removed.push_back(known.id);
      index_.remove(known.subject);
      bytes_ -= known.bytes;
      continue;
    }
    staying_.add(known.subject);
  }
}

}  // namespace sluice
