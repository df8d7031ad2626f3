#include "format/canal/flat.h"

#include <algorithm>
#include <cstring>

#include "format/canal/column_type.h"
#include "format/canal/flat_plan.h"
#include "format/canal/image.h"
#include "format/canal/place.h"
#include "format/canal/statement.h"
#include "format/canal/value.h"
#include "format/json_text.h"
#include "format/plan_cache.h"

namespace sluice::canal {
namespace {

// A row with more bytes than this asks for room value by value: the bound of all of them together, many times
// their size, is too much to ask for at once.
constexpr size_t kBigRow = 1 << 20;

char* put(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

void append_number(Bytes& out, int64_t number) {
  out.commit(spell_int(out.reserve(kScalarBytes + kSlack), number));
}

void append_text(Bytes& out, std::string_view text) {
  char* at = out.reserve(6 * text.size() + kSlack);
  out.commit(spell_json_text(at, text));
}

class Flat final : public Encoder {
 public:
  explicit Flat(const Options& options) : options_(options), speller_(options.strict) {}

  bool grouped() const override { return true; }
  std::unique_ptr<Encoder> clone() const override { return std::make_unique<Flat>(options_); }

  void encode(const Batch& batch, std::span<const Change> changes, Outbox& outbox) override {
    const Change& first = changes.front();
    out_ = &outbox.bytes;
    if (first.op == Op::Ddl) return schema_change(batch, first);
    const FlatPlan& plan =
        plans_.of(*first.table, [&] { return std::make_unique<FlatPlan>(share(*first.table), options_); });
    out_->append("{\"data\":[");
    whole_ = true;
    for (const Change& change : changes) {
      separate(change, first);
      data(plan, change);
    }
    out_->append(plan.database);
    facts(batch, first);
    out_->append(",\"isDdl\":false,\"mysqlType\":");
    mysql_types(plan, first);
    if (first.op == Op::Update) {
      out_->append(",\"old\":[");
      touched_.assign(plan.columns.size(), false);
      for (const Change& change : changes) {
        separate(change, first);
        old(plan, change);
      }
      out_->push(']');
    } else {
      out_->append(",\"old\":null");
    }
    out_->append(plan.key_names);
    sql_types(plan, changes.back());
    out_->append(plan.name);
    append_number(*out_, batch.read_us / 1000);
    end(event_type(first.op));
  }

 private:
  void separate(const Change& change, const Change& first) {
    if (&change != &first) out_->push(',');
  }

  // From the value of `es` on, up to that of `id`.
  void facts(const Batch& batch, const Change& change) {
    const Event& event = batch.events[change.event];
    append_number(*out_, int64_t{event.timestamp} * 1000);
    out_->append(",\"gtid\":\"");
    if (!options_.strict) append_text(*out_, batch.transactions[change.transaction].gtid);
    out_->append("\",\"id\":");
    append_number(*out_, static_cast<int64_t>(place_of(event)));
  }

  void end(EventType type) {
    out_->append(",\"type\":\"");
    out_->append(name_of(type));
    out_->append("\"}");
  }

  void schema_change(const Batch& batch, const Change& change) {
    const Event& event = batch.events[change.event];
    out_->append(R"({"data":null,"database":")");
    append_text(*out_, change.table ? change.table->database : event.database);
    out_->append("\",\"es\":");
    facts(batch, change);
    out_->append(R"(,"isDdl":true,"mysqlType":null,"old":null,"pkNames":null,"sql":")");
    append_text(*out_, event.query);
    out_->append(R"(","sqlType":null,"table":")");
    append_text(*out_, change.table ? change.table->name : event.ddl_table);
    out_->append("\",\"ts\":");
    append_number(*out_, batch.read_us / 1000);
    end(type_of_statement(event.query));
  }

  // Room for one image of a row.
  char* room(const FlatPlan& plan, const Change& change) {
    size_t bytes = size_t{change.before.text_bytes} + change.after.text_bytes;
    big_ = bytes > kBigRow;
    room_ = plan.row_bytes + (big_ ? 0 : 6 * bytes) + 2 * kSlack;
    return out_->reserve(room_);
  }

  char* more(char* out, size_t bytes) {
    out_->commit(out);
    return out_->reserve(room_ + bytes);
  }

  void data(const FlatPlan& plan, const Change& change) {
    char* out = room(plan, change);
    size_t object = offset(out);
    for (size_t i = 0; i < plan.columns.size(); ++i) {
      const Cell& cell = shown(change, i, options_.strict);
      if (cell.present()) {
        out = member(out, plan, i, cell);
      } else {
        whole_ = false;
      }
    }
    finish_object(object, out);
  }

  // What the update changed, as it was before.
  void old(const FlatPlan& plan, const Change& change) {
    char* out = room(plan, change);
    size_t object = offset(out);
    for (size_t i = 0; i < std::min<size_t>(plan.columns.size(), change.before.count); ++i) {
      const Cell& before = change.before[i];
      bool changed = updated(change, i);
      // canal keeps what an earlier row of the event changed (MQMessageUtils, `updateSet`).
      if (options_.strict) touched_[i] = changed = changed || touched_[i];
      if (changed && before.present()) out = member(out, plan, i, before);
    }
    finish_object(object, out);
  }

  // Every member begins with a comma; that of the first gives way to the brace.
  void finish_object(size_t object, char* end) {
    char* begin = out_->data() + object;
    if (begin == end) ++end;
    *begin = '{';
    *end = '}';
    out_->commit(end + 1);
  }

  char* member(char* out, const FlatPlan& plan, size_t i, const Cell& cell) {
    const FlatColumn& column = plan.columns[i];
    if (big_ && has_bytes(cell.kind)) out = more(out, 6 * size_t{cell.size});
    if (is_document(cell.kind)) out = more(out, document_bound(cell.size + column.name.size()));
    out = column.key.put(out);
    if (cell.kind == Kind::Null) return put(out - 1, "null");
    out = value(out, plan, i, cell);
    *out = '"';
    return out + 1;
  }

  [[gnu::always_inline]] char* value(char* out, const FlatPlan& plan, size_t i, const Cell& cell) {
    switch (cell.kind) {
      case Kind::Int: return spell_int(out, cell.i);
      case Kind::Text: return spell_json_text(out, cell.bytes(), cell.aux != 0);
      case Kind::Blob:
      case Kind::Geometry: return spell_latin1_json(out, cell.bytes());
      case Kind::Json:
      case Kind::JsonPatch: return spell_json_text(out, speller_.document(cell, plan.table->columns[i]));
      case Kind::Enum: return spell_enum(out, cell.u, plan.columns[i].labels, options_.strict);
      case Kind::Set: return spell_set(out, cell.u, plan.columns[i].labels, options_.strict);
      default: return speller_.scalar(out, cell);
    }
  }

  void mysql_types(const FlatPlan& plan, const Change& change) {
    if (whole_) return out_->append(plan.mysql_types);
    size_t begin = out_->size();
    for (size_t i = 0; i < plan.columns.size(); ++i) {
      if (shown(change, i, options_.strict).present()) out_->append(plan.columns[i].mysql_type);
    }
    finish_list(begin);
  }

  // Where they go by the value, the last row of an event decides.
  void sql_types(const FlatPlan& plan, const Change& change) {
    if (whole_ && !options_.strict) return out_->append(plan.sql_types);
    size_t begin = out_->size();
    for (size_t i = 0; i < plan.columns.size(); ++i) {
      const Cell& cell = shown(change, i, options_.strict);
      if (!cell.present()) continue;
      out_->append(plan.columns[i].name);
      append_number(
          *out_, options_.strict ? strict_sql_type(plan.table->columns[i], cell) : plan.columns[i].sql_type);
    }
    finish_list(begin);
  }

  void finish_list(size_t begin) {
    if (out_->size() == begin) out_->push('{');
    out_->data()[begin] = '{';
    out_->push('}');
  }

  // Outlives the moving of the buffer.
  size_t offset(const char* at) const { return static_cast<size_t>(at - out_->data()); }

  const Options options_;
  Speller speller_;
  Bytes* out_ = nullptr;
  // Of the message in hand.
  bool whole_ = true;          // its rows have all of the table's columns
  std::vector<char> touched_;  // columns that a row up to the one in hand changed
  // Of the row in hand.
  size_t room_ = 0;
  bool big_ = false;
  PlanCache<FlatPlan> plans_;
};

}  // namespace

std::unique_ptr<Encoder> make_flat(const Options& options) { return std::make_unique<Flat>(options); }

}  // namespace sluice::canal
