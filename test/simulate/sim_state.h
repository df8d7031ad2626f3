// MemoryState: a state that outlives the simulated process, and CutState, which lets nothing through once the
// power is off.
#pragma once

#include <map>
#include <mutex>

#include "simulate/power.h"
#include "state/state.h"

namespace sluice::simulate {

class MemoryState : public State {
 public:
  Result<std::optional<Position>> resume() override { return resume_; }
  Result<std::optional<LaneCheckpoint>> lane(std::string_view name) override {
    auto found = lanes_.find(name);
    if (found == lanes_.end()) return std::nullopt;
    return found->second;
  }
  Result<std::vector<std::string>> lanes() override {
    std::vector<std::string> names;
    for (const auto& lane : lanes_) names.push_back(lane.first);
    return names;
  }
  Result<void> forget(std::string_view lane) override {
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
  std::mutex mutex_;
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
    return inner_.set_value(key, value);
  }

 private:
  State& inner_;
  Power& power_;
  std::mutex mutex_;
  Random random_;
};

}  // namespace sluice::simulate
