// Sluice's own format: one lean JSON object a change. docs/formats/json.md describes it field by field.
#include "base/base64.h"
#include "format/address.h"
#include "format/encoder.h"
#include "format/json_binary.h"
#include "format/json_text.h"
#include "format/plan_cache.h"
#include "format/spell.h"

namespace sluice {
namespace {

// Rows with more text than this are written cell by cell, each with its own bound check: six times the text
// is the bound for a row, and asking for gigabytes at once helps nobody.
constexpr size_t kBigRow = 1 << 20;
// The most that an object needs besides its columns: envelope names, times, positions.
constexpr size_t kEnvelopeBytes = 512;

// Keys and labels are kept with so much room that the first bytes go by a copy of fixed size: most need no
// more.
constexpr size_t kKeyRoom = 32;

inline char* put_padded(char* out, const char* key, uint32_t size) {
  std::memcpy(out, key, kKeyRoom);
  if (__builtin_expect(size > kKeyRoom, 0)) std::memcpy(out + kKeyRoom, key + kKeyRoom, size - kKeyRoom);
  return out + size;
}

inline char* put(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

// `text` was padded by kKeyRoom.
inline char* put_long(char* out, const std::string& text) {
  size_t size = text.size() - kKeyRoom;
  for (size_t i = 0; i < size; i += kKeyRoom) std::memcpy(out + i, text.data() + i, kKeyRoom);
  return out + size;
}

// What one version of a table makes of its rows, decided once.
struct TablePlan {
  struct Text {
    const char* data;
    uint32_t size;
  };
  struct ColumnPlan {
    Text key;            // `,"name":"` without the last quote
    uint32_t labels_at;  // in `labels`
    uint32_t label_count;
  };

  TablePtr table;     // for its key
  std::string texts;  // each padded to kKeyRoom at least
  std::vector<ColumnPlan> columns;
  std::vector<Text> labels;  // of Enum: quoted; of Set: escaped, unquoted
  std::string heads[3];      // {"op":"insert","db":…,"table":…,"ts":"  by Op
  size_t bound = 0;          // of one row image without its text
};

class Json final : public Encoder {
 public:
  struct Options {
    bool source = false, tx = false, query = false;
    std::string name;
  };
  explicit Json(Options options) : options_(std::move(options)), name_(quoted(options_.name)) {}

  void encode(const Batch& batch, std::span<const Change> changes, Outbox& out) override;
  std::unique_ptr<Encoder> clone() const override { return std::make_unique<Json>(options_); }

 private:
  void renew_stamp(const Batch& batch, const Change& change);
  char* put_stamp(char* out, const Batch& batch, const Change& change);
  char* put_extras(char* out, const Batch& batch, const Change& change, Bytes& bytes);
  char* put_row(char* out, const TablePlan& plan, const Row& row, Bytes& bytes);
  template <bool kBig>
  char* put_columns(char* out, const TablePlan& plan, const Row& row, Bytes& bytes);
  char* put_patches(char* out, const TablePlan& plan, const Row& row, Bytes& bytes);
  char* put_key_columns(char* out, const TablePlan& plan, const Change& change, Bytes& bytes);
  [[gnu::always_inline]] char* put_cell(char* out, const TablePlan& plan, const TablePlan::ColumnPlan& column,
                                        const Cell& cell);
  char* put_bytes_cell(char* out, const TablePlan& plan, const TablePlan::ColumnPlan& column,
                       const Cell& cell);
  void encode_ddl(const Batch& batch, const Change& change, Bytes& out);
  // Asks again for the room of the whole message and `more`.
  char* again(char* out, size_t more, Bytes& bytes) {
    ++message_;
    bytes.commit(out);
    return bytes.reserve(room_ + more);
  }

  Options options_;
  std::string name_;
  PlanCache<TablePlan> plans_;
  size_t room_ = 0;         // what the message in hand may take, but for the text of a big one
  bool big_ = false;        // the message in hand is written cell by cell
  bool has_patch_ = false;  // the row just written has cells of JsonPatch
  DayMemo stamp_day_, cell_day_;
  RealMemo reals_[16];    // by a hash of the value
  uint64_t message_ = 0;  // counts them, and the moves of one's buffer
  // The end of the stamp, `…Z","id":"0-1-42#`, as spelt for the change before: the changes of a transaction
  // share it.
  std::string stamp_, stamp_id_;
  uint64_t stamp_us_ = 0;
  bool stamp_fraction_ = false;
  uint64_t stamp_batch_ = 0;  // it is of these; 0: of nothing
  uint32_t stamp_transaction_ = 0, stamp_event_ = 0;
};

std::unique_ptr<TablePlan> make_plan(TablePtr shared) {
  const Table& table = *shared;
  auto plan = std::make_unique<TablePlan>();
  plan->table = std::move(shared);
  constexpr std::string_view ops[] = {"insert", "update", "delete"};
  for (size_t i = 0; i < 3; ++i) {
    plan->heads[i] = fmt::format(R"({{"op":"{}","db":{},"table":{},"ts":")", ops[i], quoted(table.database),
                                 quoted(table.name));
    plan->heads[i].append(kKeyRoom, ' ');
  }
  // Their places in `texts`, which moves as it grows.
  std::vector<size_t> keys, labels;
  auto keep = [&](const std::string& text) {
    size_t at = plan->texts.size();
    plan->texts += text;
    plan->texts.append(kKeyRoom, ' ');
    return at;
  };
  for (const Column& column : table.columns) {
    std::string key = "," + quoted(column.name) + ":";
    keys.push_back(keep(key + '"'));
    plan->columns.push_back({{nullptr, static_cast<uint32_t>(key.size())},
                             static_cast<uint32_t>(labels.size()),
                             static_cast<uint32_t>(column.members.size())});
    size_t room = 0;
    bool is_set = column.type == ColumnType::Set;
    for (const std::string& member : column.members) {
      std::string label = quoted(member);
      room = is_set ? room + label.size() : std::max(room, label.size());
      if (is_set) label = label.substr(1, label.size() - 2);
      plan->labels.push_back({nullptr, static_cast<uint32_t>(label.size())});
      labels.push_back(keep(label));
    }
    plan->bound += key.size() + kKeyRoom + kScalarBytes + room;
  }
  for (size_t i = 0; i < keys.size(); ++i) plan->columns[i].key.data = plan->texts.data() + keys[i];
  for (size_t i = 0; i < labels.size(); ++i) plan->labels[i].data = plan->texts.data() + labels[i];
  return plan;
}

// What the envelope's texts take, each of which stands in it at most three times; a log file's name may hold
// what JSON escapes.
size_t stamp_bound(const Batch& batch, const Change& change) {
  const Transaction& transaction = batch.transactions[change.transaction];
  return 18 * (transaction.id.size() + transaction.gtid.size() + transaction.xa.size() +
               batch.events[change.event].file.size());
}

char* Json::put_bytes_cell(char* out, const TablePlan& plan, const TablePlan::ColumnPlan& column,
                           const Cell& cell) {
  switch (cell.kind) {
    case Kind::Blob:
      *out++ = '"';
      out = base64_encode(out, cell.bytes());
      *out++ = '"';
      return out;
    case Kind::Json: return spell_json_binary_or_marker(out, cell.bytes(), JsonSpacing::Compact);
    case Kind::Geometry: {
      bool sound = cell.size >= 4;
      uint32_t srid = 0;
      if (sound) std::memcpy(&srid, cell.data, 4);
      out = put(out, R"({"srid":)");
      out = sound ? spell_uint(out, srid) : put(out, "null");
      out = base64_encode(put(out, R"(,"wkb":")"), cell.bytes().substr(sound ? 4 : 0));
      return put(out, "\"}");
    }
    case Kind::Vector:
      *out++ = '[';
      for (uint32_t i = 0; i + 4 <= cell.size; i += 4) {
        float value;
        std::memcpy(&value, cell.data + i, 4);
        if (i) *out++ = ',';
        out = spell_float(out, value);
      }
      *out++ = ']';
      return out;
    case Kind::Uuid:
    case Kind::Inet4:
    case Kind::Inet6: {
      *out++ = '"';
      auto spell = cell.kind == Kind::Uuid    ? spell_uuid
                   : cell.kind == Kind::Inet4 ? spell_inet4
                                              : spell_inet6;
      out = spell(out, cell.bytes());
      *out++ = '"';
      return out;
    }
    case Kind::Set: {
      bool known = column.label_count >= 64 || cell.u >> column.label_count == 0;
      if (!known) return spell_uint(out, cell.u);  // labels that nobody knows: the bits are what there is
      *out++ = '"';
      const char* begin = out;
      for (uint64_t rest = cell.u; rest; rest &= rest - 1) {
        if (out != begin) *out++ = ',';
        const auto& label = plan.labels[column.labels_at + static_cast<uint32_t>(std::countr_zero(rest))];
        out = put(out, {label.data, label.size});
      }
      *out++ = '"';
      return out;
    }
    default: return put(out, "null");
  }
}

// The column with its key. Text kinds take the key with its opening quote.
[[gnu::always_inline]] inline char* Json::put_cell(char* out, const TablePlan& plan,
                                                   const TablePlan::ColumnPlan& column, const Cell& cell) {
  auto bare = [&] { return put_padded(out, column.key.data, column.key.size); };
  auto open = [&] { return put_padded(out, column.key.data, column.key.size + 1); };
  auto close = [](char* end) {
    *end = '"';
    return end + 1;
  };
  switch (cell.kind) {
    case Kind::JsonPatch: has_patch_ = true; return out;
    case Kind::Missing: return out;
    case Kind::Null: std::memcpy(out = bare(), "null", 4); return out + 4;
    case Kind::Int: return spell_int(bare(), cell.i);
    case Kind::Uint:
    case Kind::Year:
    case Kind::Bit: return spell_uint(bare(), cell.u);
    case Kind::Float: return spell_float(bare(), static_cast<float>(cell.d));
    case Kind::Double: return reals_[cell.u * 0x9e3779b97f4a7c15 >> 60].spell(bare(), cell.d, message_);
    case Kind::Text: return close(spell_json_text(open(), cell.bytes(), cell.aux != 0));
    case Kind::Decimal: return close(spell_decimal(open(), cell.bytes(), cell.aux, cell.aux2));
    case Kind::Date: return close(spell_date(open(), cell.u));
    case Kind::Time: return close(spell_time(open(), cell.i, cell.aux));
    case Kind::DateTime: return close(cell_day_.spell_datetime(open(), cell.u, cell.aux));
    case Kind::Timestamp: return close(spell_timestamp(open(), cell.u, cell.aux, cell_day_));
    case Kind::Enum:
      if (cell.u == 0) return close(open());
      if (cell.u <= column.label_count) {
        const auto& label = plan.labels[column.labels_at + cell.u - 1];
        return put_padded(bare(), label.data, label.size);
      }
      return spell_uint(bare(), cell.u);  // a label that nobody knows: the number is what there is
    default: return put_bytes_cell(bare(), plan, column, cell);
  }
}

template <bool kBig>
inline char* Json::put_columns(char* out, const TablePlan& plan, const Row& row, Bytes& bytes) {
  const TablePlan::ColumnPlan* column = plan.columns.data();
  for (const Cell& cell : row) {
    if (kBig && has_bytes(cell.kind)) out = again(out, 6 * size_t{cell.size}, bytes);
    out = put_cell(out, plan, *column++, cell);
  }
  return out;
}

char* Json::put_row(char* out, const TablePlan& plan, const Row& row, Bytes& bytes) {
  size_t begin = static_cast<size_t>(out - bytes.data());
  out = big_ ? put_columns<true>(out, plan, row, bytes) : put_columns<false>(out, plan, row, bytes);
  char* first = bytes.data() + begin;
  if (out == first) ++out;
  *first = '{';  // each column began with a comma
  *out = '}';
  return out + 1;
}

// What was changed within documents that the log does not carry: no value of theirs, so it stands apart.
char* Json::put_patches(char* out, const TablePlan& plan, const Row& row, Bytes& bytes) {
  out = put(out, ",\"patch\":");
  size_t begin = static_cast<size_t>(out - bytes.data());
  for (size_t i = 0; i < row.count; ++i) {
    const Cell& cell = row[i];
    if (cell.kind != Kind::JsonPatch) continue;
    if (big_) out = again(out, 6 * size_t{cell.size}, bytes);
    const TablePlan::Text& key = plan.columns[i].key;
    out = put(out, {key.data, key.size});
    out = spell_json_binary_or_marker(out, cell.bytes(), JsonSpacing::Compact);
  }
  bytes.data()[begin] = '{';
  *out = '}';
  return out + 1;
}

// A row is told by its key as it is now; a partial image may carry it only on the other side.
char* Json::put_key_columns(char* out, const TablePlan& plan, const Change& change, Bytes& bytes) {
  const std::vector<uint32_t>& key = plan.table->key;
  if (key.empty()) return out;
  const Row& first = change.after ? change.after : change.before;
  const Row& second = change.after ? change.before : change.after;
  out = put(out, ",\"key\":");
  size_t begin = static_cast<size_t>(out - bytes.data());
  for (uint32_t ordinal : key) {
    if (ordinal >= first.count) continue;
    const Cell& cell = first[ordinal].present() || !second ? first[ordinal] : second[ordinal];
    if (big_ && has_bytes(cell.kind)) out = again(out, 6 * size_t{cell.size}, bytes);
    out = put_cell(out, plan, plan.columns[ordinal], cell);
  }
  char* open = bytes.data() + begin;
  if (out == open) ++out;
  *open = '{';
  *out = '}';
  return out + 1;
}

void Json::renew_stamp(const Batch& batch, const Change& change) {
  stamp_batch_ = batch.sequence;
  stamp_transaction_ = change.transaction;
  stamp_event_ = change.event;
  const Transaction& transaction = batch.transactions[change.transaction];
  bool fraction = transaction.commit_us != 0;
  uint64_t us = fraction ? transaction.commit_us : uint64_t{batch.events[change.event].timestamp} * 1'000'000;
  if (us == stamp_us_ && fraction == stamp_fraction_ && transaction.id == stamp_id_ && !stamp_.empty())
    return;
  stamp_us_ = us;
  stamp_fraction_ = fraction;
  stamp_id_.assign(transaction.id);
  char text[kScalarBytes];
  char* end = stamp_day_.spell(text, us / 1'000'000, 'T');
  if (fraction) end = spell_fraction(end, static_cast<uint32_t>(us % 1'000'000), 6);
  stamp_.assign(text, static_cast<size_t>(end - text));
  stamp_ += "Z\",\"id\":\"";
  // A log file's name is whatever the server was told.
  size_t begin = stamp_.size();
  stamp_.resize(begin + 6 * transaction.id.size() + kSlack);
  end = spell_json_text(stamp_.data() + begin, transaction.id);
  stamp_.resize(static_cast<size_t>(end - stamp_.data()));
  stamp_ += '#';
  stamp_.append(kKeyRoom, ' ');
}

// 2026-01-15T10:30:00.123456Z","id":"0-1-42#7
char* Json::put_stamp(char* out, const Batch& batch, const Change& change) {
  bool same = batch.sequence == stamp_batch_ && stamp_batch_ != 0 && change.event == stamp_event_ &&
              change.transaction == stamp_transaction_;
  if (__builtin_expect(!same, 0)) renew_stamp(batch, change);
  out = put_long(out, stamp_);
  out = spell_uint(out, change.index);
  *out++ = '"';
  return out;
}

char* Json::put_extras(char* out, const Batch& batch, const Change& change, Bytes& bytes) {
  const Transaction& transaction = batch.transactions[change.transaction];
  const Event& event = batch.events[change.event];
  if (options_.source) {
    out = put(out, ",\"source\":{");
    if (!options_.name.empty()) {
      out = put(out, "\"name\":");
      out = put(out, name_);
      *out++ = ',';
    }
    out = spell_uint(put(out, "\"server_id\":"), event.server_id);
    out = spell_json_text(put(out, ",\"file\":\""), event.file);
    out = spell_uint(put(out, "\",\"pos\":"), event.offset);
    if (!transaction.gtid.empty()) {
      out = spell_json_text(put(out, ",\"gtid\":\""), transaction.gtid);
      *out++ = '"';
    }
    *out++ = '}';
  }
  if (options_.tx) {
    out = spell_json_text(put(out, ",\"tx\":{\"id\":\""), transaction.id);
    out = spell_uint(put(out, "\",\"index\":"), change.index);
    if (change.last) out = put(out, ",\"last\":true");
    if (!transaction.xa.empty()) {
      out = spell_json_text(put(out, ",\"xa\":\""), transaction.xa);
      *out++ = '"';
    }
    *out++ = '}';
  }
  if (options_.query && !event.query.empty() && change.op != Op::Ddl) {
    out = again(out, 6 * event.query.size(), bytes);
    out = spell_json_text(put(out, ",\"query\":\""), event.query);
    *out++ = '"';
  }
  return out;
}

void Json::encode_ddl(const Batch& batch, const Change& change, Bytes& bytes) {
  const Event& event = batch.events[change.event];
  room_ = (event.query.size() + event.database.size() + event.ddl_table.size()) * 6 +
          stamp_bound(batch, change) + name_.size() + kEnvelopeBytes + kSlack;
  char* out = bytes.reserve(room_);
  out = put(out, R"({"op":"ddl","db":")");
  out = spell_json_text(out, event.database);
  if (!event.ddl_table.empty()) out = spell_json_text(put(out, R"(","table":")"), event.ddl_table);
  out = put(out, R"(","ts":")");
  out = put_stamp(out, batch, change);
  out = put_extras(out, batch, change, bytes);
  out = spell_json_text(put(out, R"(,"statement":")"), event.query);
  bytes.commit(put(out, "\"}"));
}

void Json::encode(const Batch& batch, std::span<const Change> changes, Outbox& outbox) {
  const Change& change = changes.front();
  Bytes& bytes = outbox.bytes;
  if (change.op == Op::Ddl) return encode_ddl(batch, change, bytes);
  const TablePlan& plan = plans_.of(*change.table, [&] { return make_plan(share(*change.table)); });
  size_t text = size_t{change.before.text_bytes} + change.after.text_bytes;
  const std::string& head = plan.heads[static_cast<size_t>(change.op)];
  big_ = text > kBigRow;
  // The key's columns are written twice.
  room_ = 3 * plan.bound + (big_ ? 0 : 12 * text) + head.size() + stamp_bound(batch, change) + name_.size() +
          kEnvelopeBytes + kSlack;
  ++message_;
  char* out = bytes.reserve(room_);
  out = put_long(out, head);
  out = put_stamp(out, batch, change);
  if (options_.source || options_.tx || options_.query) out = put_extras(out, batch, change, bytes);
  auto key_begin = static_cast<size_t>(out - bytes.data());
  out = put_key_columns(out, plan, change, bytes);
  auto key_end = static_cast<size_t>(out - bytes.data());
  if (change.before) out = put_row(put(out, ",\"before\":"), plan, change.before, bytes);
  has_patch_ = false;
  if (change.after) out = put_row(put(out, ",\"after\":"), plan, change.after, bytes);
  if (has_patch_) out = put_patches(out, plan, change.after, bytes);
  *out++ = '}';
  bytes.commit(out);
  if (outbox.addressed() && key_end != key_begin) {
    constexpr size_t kName = std::string_view(",\"key\":").size();
    outbox.key().append(bytes.view().substr(key_begin + kName, key_end - key_begin - kName));
  }
}

constexpr Option kOptions[] = {
    {"with", OptionKind::List, "",
     "also show source (server, file, position, GTID), tx (id, index, last), query (the statement)"},
    {"name", OptionKind::Text, "", "what source.name says"},
};

Result<std::unique_ptr<Encoder>> make(const Settings& settings) {
  Json::Options options;
  options.name = settings.text("name");
  for (const std::string& part : settings.list("with")) {
    if (part == "source")
      options.source = true;
    else if (part == "tx")
      options.tx = true;
    else if (part == "query")
      options.query = true;
    else
      return usage("{}: '{}' is not known; with takes source, tx and query", settings.where("with"), part);
  }
  return std::make_unique<Json>(std::move(options));
}

}  // namespace

extern const FormatType json_format;
const FormatType json_format{"json", "one lean JSON object a change, exact values", kOptions, make};

}  // namespace sluice
