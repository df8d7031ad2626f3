// The row format of Maxwell (docs/formats/maxwell.md): one flat object a row, `old` with what an update
// changed.
#include <algorithm>
#include <cstring>
#include <memory>

#include "format/encoder.h"
#include "format/json_text.h"
#include "format/maxwell/ddl.h"
#include "format/maxwell/key.h"
#include "format/maxwell/options.h"
#include "format/maxwell/value.h"
#include "format/plan_cache.h"

namespace sluice {
namespace maxwell {
namespace {

// What the fields around the columns take, without names of files and GTIDs and without the statement.
constexpr size_t kEnvelopeBytes = 1024;
// A row with more bytes than this asks for room value by value: the bound of all of them together, many times
// their size, is too much to ask for at once.
constexpr size_t kBigRow = 1 << 20;

// The names of the fields, with what stands around them.
struct Fields {
  explicit Fields(Naming naming) {
    auto key = [&](std::string_view name, std::string_view rest) {
      return Snippet(",\"" + named(name, naming) + "\":" + std::string(rest));
    };
    query = key("query", "\"");
    types[static_cast<size_t>(Op::Insert)] = key("type", "\"insert\"");
    types[static_cast<size_t>(Op::Update)] = key("type", "\"update\"");
    types[static_cast<size_t>(Op::Delete)] = key("type", "\"delete\"");
    ts = key("ts", "");
    xid = key("xid", "");
    xoffset = key("xoffset", "");
    commit = key("commit", "true");
    position = key("position", "\"");
    gtid = key("gtid", "");
    server_id = key("server_id", "");
    thread_id = key("thread_id", "");
    data = key("data", "");
    old = key("old", "");
    patch = key("patch", "");
  }
  Snippet query, types[3], ts, xid, xoffset, commit, position, gtid, server_id, thread_id, data, old, patch;
};

// The first `most` characters.
std::string_view cut(std::string_view text, uint64_t most) {
  if (most == 0) return text;
  size_t at = 0;
  for (; at < text.size(); ++at) {
    bool begins_character = (static_cast<uint8_t>(text[at]) & 0xc0) != 0x80;
    if (begins_character && most-- == 0) break;
  }
  return text.substr(0, at);
}

class Maxwell final : public Encoder {
 public:
  explicit Maxwell(const Options& options) : options_(options), fields_(options.naming) {}

  void encode(const Batch& batch, std::span<const Change> changes, Outbox& outbox) override {
    const Change& change = changes.front();
    Bytes& out = outbox.bytes;
    if (change.op == Op::Ddl) {
      if (options_.ddl) encode_ddl(batch, change, options_.binlog_position, options_.gtid_position, out);
      return;
    }
    const Plans& plans = plans_of(*change.table);
    const Plan& plan = plans.row;
    const Event& event = batch.events[change.event];
    const Transaction& transaction = batch.transactions[change.transaction];
    // A value is shown twice at most: in `data` and in `primary_key`, or in `data` and, the former, in `old`.
    size_t bytes = size_t{change.before.text_bytes} + change.after.text_bytes;
    out_ = &out;
    big_ = bytes > kBigRow;
    bound_ = plan.head.size() + plan.key_columns.size() + kEnvelopeBytes + 3 * plan.row_bytes +
             (big_ ? 0 : 12 * bytes) +
             6 * (event.query.size() + event.file.size() + transaction.gtid.size()) + kSlack;
    char* at = out.reserve(bound_);
    at = envelope(at, plan, change, event, transaction);
    at = primary_key(at, plan, change);
    at = plan.key_columns.put(at);
    at = data(fields_.data.put(at), plan, change);
    if (change.op == Op::Update) at = old(at, plan, change);
    if (has_patch_) at = patches(at, plan, change.after);
    *at++ = '}';
    out.commit(at);
    if (outbox.addressed()) plans.key.append(outbox.key(), batch, change, plan, memo_);
  }

  std::unique_ptr<Encoder> clone() const override { return std::make_unique<Maxwell>(options_); }

 private:
  char* envelope(char* out, const Plan& plan, const Change& change, const Event& event,
                 const Transaction& transaction) const {
    out = plan.head.put(out);
    if (options_.row_query && !event.query.empty()) {
      out = spell_json_text(fields_.query.put(out), cut(event.query, options_.row_query_max_length));
      *out++ = '"';
    }
    out = fields_.types[static_cast<size_t>(change.op)].put(out);
    out = spell_uint(fields_.ts.put(out), event.timestamp);
    if (options_.commit_info) {
      if (transaction.xid != 0) out = spell_uint(fields_.xid.put(out), transaction.xid);
      if (options_.xoffset && !change.last) out = spell_uint(fields_.xoffset.put(out), change.index);
      if (change.last) out = fields_.commit.put(out);
    }
    if (options_.binlog_position) {
      out = spell_json_text(fields_.position.put(out), event.file);
      *out++ = ':';
      out = spell_uint(out, event.offset);
      *out++ = '"';
    }
    if (options_.gtid_position) out = gtid(fields_.gtid.put(out), transaction.gtid);
    if (options_.server_id) out = spell_uint(fields_.server_id.put(out), event.server_id);
    if (options_.thread_id && event.thread_id != 0) {
      out = spell_uint(fields_.thread_id.put(out), event.thread_id);
    }
    return out;
  }

  static char* gtid(char* out, std::string_view gtid) {
    if (gtid.empty()) {
      std::memcpy(out, "null", 4);
      return out + 4;
    }
    *out++ = '"';
    out = spell_json_text(out, gtid);
    *out++ = '"';
    return out;
  }

  // The cell that `data` shows of a column: of a partial image, the columns of the row before stand in for
  // those that the row after lacks.
  static const Cell& shown(const Change& change, size_t column) {
    static constexpr Cell kMissing{};
    if (column < change.after.count && change.after[column].present()) return change.after[column];
    return column < change.before.count ? change.before[column] : kMissing;
  }

  char* primary_key(char* out, const Plan& plan, const Change& change) {
    if (!options_.primary_keys) return out;
    for (uint32_t column : plan.key) {
      if (!shown(change, column).present()) return out;
    }
    out = plan.key_name.put(out);
    for (uint32_t column : plan.key) {
      if (column != plan.key[0]) *out++ = ',';
      out = value(out, shown(change, column), plan.columns[column]);
    }
    *out++ = ']';
    return out;
  }

  char* data(char* out, const Plan& plan, const Change& change) {
    size_t object = offset(out);
    has_patch_ = false;
    for (size_t i = 0; i < plan.columns.size(); ++i) {
      const Cell& cell = shown(change, i);
      if (cell.kind == Kind::JsonPatch)
        has_patch_ = true;
      else if (cell.present())
        out = member(out, cell, plan.columns[i]);
    }
    return finish_object(object, out);
  }

  // What was changed within documents that the log does not carry: no value of theirs, so it stands apart.
  char* patches(char* out, const Plan& plan, const Row& row) {
    out = fields_.patch.put(out);
    size_t object = offset(out);
    for (size_t i = 0; i < std::min<size_t>(plan.columns.size(), row.count); ++i) {
      if (row[i].kind == Kind::JsonPatch) out = member(out, row[i], plan.columns[i]);
    }
    return finish_object(object, out);
  }

  // What the update changed, as it was before; nothing where nothing was changed.
  char* old(char* out, const Plan& plan, const Change& change) {
    size_t begin = offset(out);
    out = fields_.old.put(out);
    size_t object = offset(out);
    size_t columns = std::min<size_t>({plan.columns.size(), change.before.count, change.after.count});
    bool changed = false;
    for (size_t i = 0; i < columns; ++i) {
      const Cell& before = change.before[i];
      const Cell& after = change.after[i];
      if (!before.present() || !after.present() || same_value(before, after)) continue;
      changed = true;
      out = member(out, before, plan.columns[i]);
    }
    return changed ? finish_object(object, out) : out_->data() + begin;
  }

  // Every member begins with a comma; that of the first gives way to the brace.
  char* finish_object(size_t object, char* end) {
    char* begin = out_->data() + object;
    if (begin == end) ++end;
    *begin = '{';
    *end = '}';
    return end + 1;
  }

  char* member(char* out, const Cell& cell, const ColumnPlan& column) {
    if (!options_.nulls && shown_as_null(cell, options_.null_zerodates)) return out;
    return value(column.key.put(out), cell, column);
  }

  char* value(char* out, const Cell& cell, const ColumnPlan& column) {
    if (shown_as_null(cell, options_.null_zerodates)) {
      std::memcpy(out, "null", 4);
      return out + 4;
    }
    if (big_ && has_bytes(cell.kind)) {
      out_->commit(out);
      out = out_->reserve(bound_ + 6 * size_t{cell.size});
    }
    return spell_value(out, cell, column, memo_);
  }

  // Outlives the moving of the buffer.
  size_t offset(const char* at) const { return static_cast<size_t>(at - out_->data()); }

  struct Plans {
    Plan row;
    KeyPlan key;
  };

  const Plans& plans_of(const Table& table) {
    return plans_.of(table, [&] {
      return std::make_unique<Plans>(
          Plans{Plan(table, options_.naming, options_.primary_keys, options_.primary_key_columns),
                KeyPlan(table, options_.key_format)});
    });
  }

  const Options options_;
  const Fields fields_;
  DayMemo memo_;
  // Of the message in hand.
  Bytes* out_ = nullptr;
  size_t bound_ = 0;  // of all of it, without the bytes that the cells of a big row point to
  bool big_ = false;
  bool has_patch_ = false;  // its row after has cells of JsonPatch
  PlanCache<Plans> plans_;
};

Result<std::unique_ptr<Encoder>> make(const Settings& settings) {
  return std::make_unique<Maxwell>(read_options(settings));
}

}  // namespace
}  // namespace maxwell

extern const FormatType maxwell_format;
const FormatType maxwell_format = {"maxwell", "Maxwell's rows: one flat JSON object a row",
                                   maxwell::option_table(), maxwell::make};

}  // namespace sluice
