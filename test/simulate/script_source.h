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
  // Transactions that end in this batch or go on in the next one; each change is its text. `a|…` is an insert
  // of the row `a` of shop.t, `a>b|…` an update that makes it `b`, and `ddl|…` changes that table.
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
      std::string id = part.gtid.empty() ? "bin.000001:" + std::to_string(part.end) : part.gtid;
      batch.transactions.push_back({.id = batch.arena.copy(id), .gtid = batch.arena.copy(part.gtid)});
      for (size_t i = 0; i < part.changes.size(); ++i) {
        batch.events.push_back({.file = "bin.000001",
                                .offset = part.end - 1,
                                .next = part.end,
                                .query = batch.arena.copy(part.changes[i])});
        batch.changes.push_back({.last = part.whole && i + 1 == part.changes.size(),
                                 .index = static_cast<uint32_t>(i),
                                 .transaction = transaction,
                                 .event = static_cast<uint32_t>(batch.events.size() - 1)});
        shape(batch, batch.changes.back(), batch.events.back().query);
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
    batch.log_bytes = 10;
  }

  void shape(Batch& batch, Change& change, std::string_view text) const {
    size_t bar = text.find('|'), arrow = text.substr(0, bar).find('>');
    if (bar == text.npos) return;
    change.table = batch.hold(table_);
    auto row = [&](std::string_view key) {
      Cell* cell = batch.arena.array<Cell>(1);
      *cell = {};
      cell->kind = Kind::Text;
      cell->size = static_cast<uint32_t>(key.size());
      cell->data = key.data();
      return Row{cell, 1, cell->size};
    };
    if (text.starts_with("ddl")) {
      change.op = Op::Ddl;
    } else if (arrow == text.npos) {
      change.after = row(text.substr(0, bar));
    } else {
      change.op = Op::Update;
      change.before = row(text.substr(0, arrow));
      change.after = row(text.substr(arrow + 1, bar - arrow - 1));
    }
  }
  static TablePtr make_table() {
    Table table;
    table.database = "shop";
    table.name = "t";
    table.columns.resize(1);
    table.columns[0].name = "id";
    table.key = {0};
    return freeze(std::move(table));
  }

  const TablePtr table_ = make_table();
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
