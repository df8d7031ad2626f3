// MessagePack (docs/formats/msgpack.md): a map of the action, the table, its columns' names and the rows as
// arrays in their order, which is what consumers of binlogbroker read.
#include <algorithm>
#include <memory>

#include "base/ascii.h"
#include "format/encoder.h"
#include "format/msgpack/pack.h"
#include "format/msgpack/value.h"
#include "format/plan_cache.h"

namespace sluice {
namespace msgpack {
namespace {

// A row with more bytes than this asks for room value by value: the bound of all of them together, many times
// their size, is too much to ask for at once.
constexpr size_t kBigRow = 1 << 20;

std::string packed(std::string_view text) {
  std::string out(text.size() + kPackedScalar, '\0');
  out.resize(static_cast<size_t>(pack_text(out.data(), text) - out.data()));
  return out;
}

struct Plan {
  explicit Plan(const Table& table) : key(lower_ascii(table.name)) {
    constexpr std::string_view kActions[] = {"insert", "update", "delete"};
    std::string names(kPackedScalar, '\0');
    names.resize(static_cast<size_t>(pack_array_head(names.data(), table.columns.size()) - names.data()));
    for (const Column& column : table.columns) names += packed(column.name);
    for (size_t i = 0; i < 3; ++i) {
      heads[i] = "\x85" + packed("Action") + packed(kActions[i]) + packed("Schema") + packed(table.database) +
                 packed("Table") + packed(table.name) + packed("Columns") + names + packed("Rows");
    }
    for (const Column& column : table.columns) {
      ColumnPlan plan;
      bool is_set = column.type == ColumnType::Set;
      for (const std::string& member : column.members) {
        plan.labels.push_back(is_set ? member : packed(member));
        size_t size = plan.labels.back().size() + 1;
        plan.label_bytes = is_set ? plan.label_bytes + size : std::max(plan.label_bytes, size);
      }
      bound += kCellBytes + plan.label_bytes;
      columns.push_back(std::move(plan));
    }
  }

  std::string heads[3];  // by Op, all that stands before the array of rows
  std::vector<ColumnPlan> columns;
  std::string key;
  size_t bound = 0;  // of one row without its text
};

class MessagePack final : public Encoder {
 public:
  explicit MessagePack(bool by_event) : by_event_(by_event) {}

  void encode(const Batch&, std::span<const Change> changes, Outbox& outbox) override {
    const Change& first = changes.front();
    // It speaks of rows only.
    if (first.op == Op::Ddl) return;
    const Plan& plan = plans_.of(*first.table, [&] { return std::make_unique<Plan>(*first.table); });
    Bytes& bytes = outbox.bytes;
    bytes.append(plan.heads[static_cast<size_t>(first.op)]);
    size_t rows = changes.size() * (first.op == Op::Update ? 2 : 1);
    bytes.commit(pack_array_head(bytes.reserve(kPackedScalar), rows));
    for (const Change& change : changes) {
      if (change.before) row(bytes, plan, change.before);
      if (change.after) row(bytes, plan, change.after);
    }
    if (outbox.addressed()) outbox.key().append(plan.key);
  }

  bool grouped() const override { return by_event_; }
  Notation notation() const override { return Notation::Binary; }
  std::unique_ptr<Encoder> clone() const override { return std::make_unique<MessagePack>(by_event_); }

 private:
  void row(Bytes& bytes, const Plan& plan, const Row& row) {
    bool big = row.text_bytes > kBigRow;
    size_t room = plan.bound + (big ? 0 : long_bound(row.text_bytes)) + kPackedScalar + kSlack;
    char* out = pack_array_head(bytes.reserve(room), row.count);
    for (size_t i = 0; i < row.count; ++i) {
      const Cell& cell = row[i];
      if (big && has_bytes(cell.kind)) {
        bytes.commit(out);
        out = bytes.reserve(room + long_bound(cell.size));
      }
      out = pack_value(out, cell, plan.columns[i], day_);
    }
    bytes.commit(out);
  }

  const bool by_event_;
  DayMemo day_;
  PlanCache<Plan> plans_;
};

constexpr Option kOptions[] = {
    {"rows", OptionKind::Choice, "event",
     "what one message holds: the rows of an event that go to one place, or the row of one change",
     "event|change"},
};

Result<std::unique_ptr<Encoder>> make(const Settings& settings) {
  return std::make_unique<MessagePack>(settings.text("rows") == "event");
}

}  // namespace
}  // namespace msgpack

extern const FormatType msgpack_format;
const FormatType msgpack_format = {"msgpack",
                                   "MessagePack: an event's rows as arrays, column names beside them",
                                   msgpack::kOptions, msgpack::make};

}  // namespace sluice
