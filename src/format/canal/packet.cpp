#include "format/canal/packet.h"

#include <algorithm>
#include <cstring>

#include "format/canal/column_type.h"
#include "format/canal/image.h"
#include "format/canal/packet_plan.h"
#include "format/canal/place.h"
#include "format/canal/proto.h"
#include "format/canal/value.h"
#include "format/plan_cache.h"

namespace sluice::canal {
namespace {

// A row with more bytes than this asks for room value by value.
constexpr size_t kBigRow = 1 << 20;
constexpr size_t kFrameBytes = 4;

enum EntryType : uint8_t { kTransactionBegin = 1, kRowData = 2, kTransactionEnd = 3 };

void append_varint(Bytes& out, unsigned field, int64_t value) {
  char* at = out.reserve(1 + kVarintBytes);
  *at = varint_tag(field);
  out.commit(put_signed(at + 1, value));
}

void append_text(Bytes& out, unsigned field, std::string_view text) {
  char* at = out.reserve(1 + kVarintBytes + 3 * text.size() + kVarintBytes);
  *at++ = bytes_tag(field);
  unsigned width = varint_size(text.size());
  out.commit(put_size(at, width, spell_utf8(at + width, text)));
}

class Packets final : public Encoder {
 public:
  explicit Packets(const Options& options) : options_(options), speller_(options.strict) {}

  bool grouped() const override { return true; }
  Notation notation() const override { return Notation::Binary; }
  std::unique_ptr<Encoder> clone() const override { return std::make_unique<Packets>(options_); }

  void encode(const Batch& batch, std::span<const Change> changes, Outbox& outbox) override {
    const Change& first = changes.front();
    const Event& event = batch.events[first.event];
    Bytes& out = *(out_ = &outbox.bytes);
    size_t frame = out.size();
    if (options_.framed) out.append(std::string_view("\0\0\0", kFrameBytes));
    append_varint(out, 2, 1);  // Packet: version, type MESSAGES, body
    append_varint(out, 3, 7);
    body_.open(out, 5);
    if (!options_.strict) append_varint(out, 1, static_cast<int64_t>(place_of(event)));
    bool rows = first.op != Op::Ddl;
    // A statement that is alone in its transaction has no entries around it.
    bool around = options_.transaction_entries && !(first.op == Op::Ddl && first.index == 0 && first.last);
    if (around && first.index == 0) transaction_entry(batch, first, false);
    entry_.open(out, 2);
    if (rows) {
      row_entry(batch, changes);
    } else {
      statement_entry(batch, first);
    }
    entry_.close(out);
    if (around && changes.back().last) transaction_entry(batch, first, true);
    body_.close(out);
    if (options_.framed) {
      auto size = __builtin_bswap32(static_cast<uint32_t>(out.size() - frame - kFrameBytes));
      std::memcpy(out.data() + frame, &size, kFrameBytes);
    }
  }

 private:
  // The fields of a header up to the names.
  void place(const Event& event, uint64_t offset) {
    append_varint(*out_, 1, 1);  // version
    append_text(*out_, 2, event.file);
    append_varint(*out_, 3, static_cast<int64_t>(offset));
    append_varint(*out_, 4, event.server_id);
    append_text(*out_, 5, "UTF-8");
    append_varint(*out_, 6, int64_t{event.timestamp} * 1000);
    append_varint(*out_, 7, 2);  // MYSQL
  }

  void gtid(const Transaction& transaction) {
    if (!options_.strict && !transaction.gtid.empty()) append_text(*out_, 13, transaction.gtid);
  }

  void row_entry(const Batch& batch, std::span<const Change> changes) {
    const Change& first = changes.front();
    const Event& event = batch.events[first.event];
    const PacketPlan& plan =
        plans_.of(*first.table, [&] { return std::make_unique<PacketPlan>(share(*first.table), options_); });
    auto type = static_cast<int64_t>(event_type(first.op));
    header_.open(*out_, 1);
    place(event, event.offset);
    out_->append(plan.names);
    append_varint(*out_, 10, static_cast<int64_t>(event.next - event.offset));
    append_varint(*out_, 11, type);
    inner_.open(*out_, 12);
    append_text(*out_, 1, "rowsCount");
    char digits[kScalarBytes + kSlack];
    append_text(*out_, 2, {digits, static_cast<size_t>(spell_uint(digits, changes.size()) - digits)});
    inner_.close(*out_);
    gtid(batch.transactions[first.transaction]);
    header_.close(*out_);
    append_varint(*out_, 2, kRowData);
    value_.open(*out_, 3);
    append_varint(*out_, 2, type);
    append_varint(*out_, 10, 0);  // isDdl
    for (const Change& change : changes) {
      row_.open(*out_, 12);
      if (change.before) image(plan, change, change.before, 1);
      if (change.after) image(plan, change, change.after, 2);
      row_.close(*out_);
    }
    value_.close(*out_);
  }

  void statement_entry(const Batch& batch, const Change& change) {
    const Event& event = batch.events[change.event];
    auto type = static_cast<int64_t>(type_of_statement(event.query));
    header_.open(*out_, 1);
    place(event, event.offset);
    append_text(*out_, 8, change.table ? change.table->database : event.database);
    append_text(*out_, 9, change.table ? change.table->name : event.ddl_table);
    append_varint(*out_, 10, static_cast<int64_t>(event.next - event.offset));
    append_varint(*out_, 11, type);
    gtid(batch.transactions[change.transaction]);
    header_.close(*out_);
    append_varint(*out_, 2, kRowData);
    value_.open(*out_, 3);
    append_varint(*out_, 2, type);
    append_varint(*out_, 10, 1);
    append_text(*out_, 11, event.query);
    if (!event.database.empty()) append_text(*out_, 14, event.database);
    value_.close(*out_);
  }

  // What ends a transaction stands behind its last event.
  void transaction_entry(const Batch& batch, const Change& change, bool ends) {
    const Event& event = batch.events[change.event];
    const Transaction& transaction = batch.transactions[change.transaction];
    entry_.open(*out_, 2);
    header_.open(*out_, 1);
    place(event, ends ? event.next : transaction.begin);
    gtid(transaction);
    header_.close(*out_);
    append_varint(*out_, 2, ends ? kTransactionEnd : kTransactionBegin);
    value_.open(*out_, 3);
    if (ends) {
      char digits[kScalarBytes + kSlack];
      append_text(*out_, 2, {digits, static_cast<size_t>(spell_uint(digits, transaction.xid) - digits)});
    } else {
      append_varint(*out_, 4, event.thread_id);
    }
    value_.close(*out_);
    entry_.close(*out_);
  }

  void image(const PacketPlan& plan, const Change& change, const Row& row, unsigned field) {
    big_ = row.text_bytes > kBigRow;
    room_ = plan.row_bytes + (big_ ? 0 : 6 * size_t{row.text_bytes}) + 2 * kSlack;
    char* out = out_->reserve(room_);
    bool after = field == 2;
    for (size_t i = 0; i < std::min<size_t>(plan.columns.size(), row.count); ++i) {
      if (!row[i].present()) continue;
      *out++ = bytes_tag(field);
      out = column(out, plan, i, row[i], after && updated(change, i));
    }
    out_->commit(out);
  }

  char* column(char* out, const PacketPlan& plan, size_t i, const Cell& cell, bool is_updated) {
    const PacketColumn& column = plan.columns[i];
    const Column& shape = plan.table->columns[i];
    if ((big_ && has_bytes(cell.kind)) || is_document(cell.kind)) {
      size_t most =
          is_document(cell.kind) ? document_bound(cell.size + shape.name.size()) : 6 * size_t{cell.size};
      out_->commit(out);
      out = out_->reserve(room_ + most);
    }
    char* begin = out;
    out += column.width;
    if (options_.strict) {
      out = column.index.put(out);
      *out = varint_tag(2);
      out = column.name.put(put_signed(out + 1, strict_sql_type(shape, cell)));
    } else {
      out = column.head.put(out);
    }
    if (is_updated) {
      *out++ = varint_tag(5);
      *out++ = 1;
    }
    if (cell.kind == Kind::Null) {
      *out++ = varint_tag(6);
      *out++ = 1;
    } else {
      *out++ = bytes_tag(8);
      unsigned width = has_bytes(cell.kind) ? varint_size(cell.size) : 1;
      out = put_size(out, width, value(out + width, column, shape, cell));
    }
    out = column.mysql_type.put(out);
    return put_size(begin, column.width, out);
  }

  char* value(char* out, const PacketColumn& column, const Column& shape, const Cell& cell) {
    switch (cell.kind) {
      case Kind::Int: return spell_int(out, cell.i);
      case Kind::Text: return spell_utf8(out, cell.bytes());
      case Kind::Blob:
      case Kind::Geometry: return spell_latin1(out, cell.bytes());
      case Kind::Json:
      case Kind::JsonPatch: return spell_utf8(out, speller_.document(cell, shape));
      case Kind::Enum: return spell_enum(out, cell.u, column.labels, options_.strict);
      case Kind::Set: return spell_set(out, cell.u, column.labels, options_.strict);
      default: return speller_.scalar(out, cell);
    }
  }

  const Options options_;
  Speller speller_;
  Bytes* out_ = nullptr;
  // The messages within the one in hand, from the outermost.
  Nested body_, entry_, header_, value_, row_, inner_;
  // Of the image in hand.
  size_t room_ = 0;
  bool big_ = false;
  PlanCache<PacketPlan> plans_;
};

}  // namespace

std::unique_ptr<Encoder> make_packets(const Options& options) { return std::make_unique<Packets>(options); }

}  // namespace sluice::canal
