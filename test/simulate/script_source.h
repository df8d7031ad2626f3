// ScriptSource: hands over exactly what a test tells it to, and counts.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "format/encoder.h"
#include "source/source.h"

namespace sluice::simulate {

struct Step {
  // Transactions that end in this batch or go on in the next one; each change is its text.
  struct Part {
    uint64_t end;  // offset behind it; the position moves there if it is `whole`
    std::vector<std::string> changes;
    bool whole = true;
    std::string gtid = {};
  };
  std::vector<Part> parts;
  std::vector<CatalogueChange> catalogue = {};
  AsideChanges aside = {};
};

inline Position at(uint64_t offset, const std::string& gtids = "", const std::string& server = "s1") {
  Position position;
  position.file = "bin.000001";
  position.offset = offset;
  position.gtids = GtidSet::parse(gtids).value();
  position.server_uuid = server;
  return position;
}

class ScriptSource : public Source {
 public:
  std::deque<std::variant<Step, Error>> script;  // then the end
  bool endless = false;                          // waits behind the script, as a server does
  std::vector<Position> opened;                  // with what open() was called
  std::vector<uint64_t> confirmed;               // offsets

  Result<void> open(const Position& from) override {
    std::lock_guard lock(mutex_);
    if (interrupted_) return stopped();
    if (opened.empty()) resume_ = from;
    opened.push_back(from);
    return {};
  }
  Result<More> read(Batch& batch) override {
    std::unique_lock lock(mutex_);
    ++reads_;
    if (script.empty() && endless) interrupt_.wait(lock, [&] { return interrupted_; });
    if (interrupted_) return stopped();
    if (script.empty()) {
      batch.resume = resume_;
      return More::End;
    }
    auto next = std::move(script.front());
    script.pop_front();
    if (auto* error = std::get_if<Error>(&next)) return tl::unexpected(*error);
    fill(batch, std::get<Step>(next));
    return More::Yes;
  }
  void confirm(const Position& position) override {
    std::lock_guard lock(mutex_);
    confirmed.push_back(position.offset);
  }
  void interrupt() noexcept override {
    {
      std::lock_guard lock(mutex_);
      interrupted_ = true;
    }
    interrupt_.notify_all();
  }
  int reads() const {
    std::lock_guard lock(mutex_);
    return reads_;
  }

 private:
  void fill(Batch& batch, const Step& step) {
    for (const Step::Part& part : step.parts) {
      auto transaction = static_cast<uint32_t>(batch.transactions.size());
      batch.transactions.push_back({.id = batch.arena.copy(part.gtid), .gtid = batch.arena.copy(part.gtid)});
      for (size_t i = 0; i < part.changes.size(); ++i) {
        batch.events.push_back({.file = "bin.000001",
                                .offset = part.end - 1,
                                .next = part.end,
                                .query = batch.arena.copy(part.changes[i])});
        batch.changes.push_back({.last = part.whole && i + 1 == part.changes.size(),
                                 .transaction = transaction,
                                 .event = static_cast<uint32_t>(batch.events.size() - 1)});
      }
      // What was set aside moves no position.
      if (!part.whole || !step.aside.released.empty()) continue;
      resume_.file = "bin.000001";
      resume_.offset = part.end;
      if (!part.gtid.empty()) resume_.gtids.unite(GtidSet::parse(part.gtid).value());
    }
    batch.catalogue = step.catalogue;
    batch.aside = step.aside;
    batch.resume = resume_;
  }

  mutable std::mutex mutex_;
  std::condition_variable interrupt_;
  bool interrupted_ = false;
  int reads_ = 0;
  Position resume_;
};

// The text of a ScriptSource's change.
class TextEncoder : public Encoder {
 public:
  void encode(const Batch& batch, std::span<const Change> changes, Outbox& out) override {
    out.bytes.append(batch.events[changes.front().event].query);
  }
  std::unique_ptr<Encoder> clone() const override { return std::make_unique<TextEncoder>(); }
};

}  // namespace sluice::simulate
