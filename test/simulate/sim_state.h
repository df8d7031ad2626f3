// MemoryState: a state that outlives the simulated process, and CutState, which lets nothing through once the
// power is off.
#pragma once

#include <algorithm>
#include <map>
#include <mutex>

#include "simulate/power.h"
#include "state/state.h"

namespace sluice::simulate {

class MemoryState : public State, public ParkStore {
 public:
  ParkStore* park() override { return this; }
  Result<void> each_parked(std::string_view lane,
                           const std::function<void(const ParkedMessage&)>& visit) override {
    std::lock_guard lock(mutex_);
    for (const auto& each : parked_) {
      if (lane.empty() || each.second.lane == lane) visit(each.second);
    }
    return {};
  }
  Result<std::optional<ParkedMessage>> find_parked(uint64_t id) override {
    std::lock_guard lock(mutex_);
    auto found = parked_.find(id);
    if (found == parked_.end()) return std::nullopt;
    return found->second;
  }
  Result<uint64_t> ask_parked(std::string_view lane, const std::vector<uint64_t>& ids) override {
    std::lock_guard lock(mutex_);
    uint64_t count = 0;
    for (auto& [id, message] : parked_) {
      bool named = std::find(ids.begin(), ids.end(), id) != ids.end();
      if (message.lane != lane || !(ids.empty() ? !message.reason.empty() : named)) continue;
      message.asked = true;
      ++count;
    }
    return count;
  }
  Result<uint64_t> drop_parked(std::string_view lane, const std::vector<uint64_t>& ids) override {
    std::lock_guard lock(mutex_);
    return std::erase_if(parked_, [&](const auto& each) {
      return each.second.lane == lane &&
             (ids.empty() || std::find(ids.begin(), ids.end(), each.first) != ids.end());
    });
  }

  Result<std::optional<Position>> resume() override {
    std::lock_guard lock(mutex_);
    return resume_;
  }
  Result<std::optional<LaneCheckpoint>> lane(std::string_view name) override {
    std::lock_guard lock(mutex_);
    auto found = lanes_.find(name);
    if (found == lanes_.end()) return std::nullopt;
    return found->second;
  }
  Result<std::vector<std::string>> lanes() override {
    std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& lane : lanes_) names.push_back(lane.first);
    return names;
  }
  Result<void> forget(std::string_view lane) override {
    std::lock_guard lock(mutex_);
    lanes_.erase(std::string(lane));
    return {};
  }
  Result<void> load(Catalogue& catalogue) override {
    for (const auto& table : tables_) catalogue.put(table.second);
    for (const auto& [database, charset] : charsets_) catalogue.set_default_charset(database, charset);
    catalogue.take_changes();
    return {};
  }
  Result<void> save(const Checkpoint& checkpoint) override {
    std::lock_guard lock(mutex_);
    ++saves;
    if (checkpoint.position) {
      lanes_[std::string(checkpoint.lane)] = {*checkpoint.position, std::string(checkpoint.note)};
    }
    if (checkpoint.resume) resume_ = *checkpoint.resume;
    if (checkpoint.aside) {
      for (uint64_t id : checkpoint.aside->released) released.push_back(id);
      for (const AsideEvent& event : checkpoint.aside->added) added.push_back(event.id);
    }
    if (checkpoint.park) save(*checkpoint.park);
    for (const CatalogueChange& change : checkpoint.catalogue) {
      if (change.name.table.empty()) charsets_[change.name.database] = change.default_charset;
      tables_.erase(change.name);
      if (change.table) tables_[change.name] = change.table;
    }
    return {};
  }
  Result<std::optional<std::string>> value(std::string_view key) override {
    auto found = values_.find(key);
    if (found == values_.end()) return std::nullopt;
    return found->second;
  }
  Result<void> set_value(std::string_view key, std::string_view value) override {
    values_[std::string(key)] = value;
    return {};
  }

  int saves = 0;
  std::vector<uint64_t> added, released;  // ids of events set aside

 private:
  void save(const ParkChanges& changes) {
    for (const ParkedMessage& message : changes.added) {
      bool there = std::any_of(parked_.begin(), parked_.end(), [&](const auto& each) {
        return each.second.lane == message.lane && each.second.change == message.change &&
               each.second.part == message.part && each.second.message == message.message;
      });
      if (there) continue;
      ParkedMessage& kept = parked_[++last_parked_] = message;
      kept.id = last_parked_;
    }
    for (uint64_t id : changes.removed) parked_.erase(id);
    for (const ParkChanges::Refused& each : changes.refused) {
      auto found = parked_.find(each.id);
      if (found == parked_.end()) continue;
      found->second.reason = each.reason;
      found->second.asked = false;
    }
  }

  std::mutex mutex_;
  std::map<uint64_t, ParkedMessage> parked_;
  uint64_t last_parked_ = 0;
  std::optional<Position> resume_;
  std::map<std::string, LaneCheckpoint, std::less<>> lanes_;
  std::map<TableName, TablePtr> tables_;
  std::map<std::string, std::string> charsets_;
  std::map<std::string, std::string, std::less<>> values_;
};

class CutState : public State {
 public:
  CutState(State& inner, Power& power, uint64_t seed) : inner_(inner), power_(power), random_(seed) {}

  Result<std::optional<Position>> resume() override { return inner_.resume(); }
  Result<std::optional<LaneCheckpoint>> lane(std::string_view name) override { return inner_.lane(name); }
  Result<std::vector<std::string>> lanes() override { return inner_.lanes(); }
  Result<void> forget(std::string_view lane) override { return inner_.forget(lane); }
  Result<void> load(Catalogue& catalogue) override { return inner_.load(catalogue); }
  ParkStore* park() override { return inner_.park(); }
  Result<void> save(const Checkpoint& checkpoint) override {
    std::lock_guard lock(mutex_);
    if (!power_.step()) return dead();
    if (random_.once_in(20)) return retryable("the disk is full");
    SLUICE_TRY(inner_.save(checkpoint));
    if (!power_.step()) return dead();
    return {};
  }
  Result<std::optional<std::string>> value(std::string_view key) override { return inner_.value(key); }
  Result<void> set_value(std::string_view key, std::string_view value) override {
    if (!power_.step()) return dead();
    return inner_.set_value(key, value);
  }

 private:
  State& inner_;
  Power& power_;
  std::mutex mutex_;
  Random random_;
};

}  // namespace sluice::simulate
