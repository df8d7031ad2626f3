// The plain JSON events of programs that others' consumers were written for: docs/formats/envelope.md.
#include <charconv>
#include <memory>

#include "format/change_stamp.h"
#include "format/encoder.h"
#include "format/envelope/parts.h"
#include "format/envelope/string_row.h"
#include "format/envelope/style.h"
#include "format/json_row.h"
#include "format/json_text.h"
#include "format/plan_cache.h"
#include "format/put.h"

namespace sluice {
namespace envelope {
namespace {

// What the places take that are neither rows nor names.
constexpr size_t kPlacesBytes = 512;

struct Options {
  const Style* style = nullptr;
  std::string app_id;
  int64_t utc_offset = 0;  // seconds, of `time`
};

struct Plan {
  Plan(TablePtr table, const Options& options)
      : row(std::move(table)), parts{of(options, 0), of(options, 1), of(options, 2)} {
    key = row.table->database + "." + row.table->name;
    for (uint32_t i = 0; i < row.table->columns.size(); ++i) {
      ColumnType type = row.table->columns[i].type;
      if (type >= ColumnType::TinyText && type <= ColumnType::LongText) texts.push_back(i);
    }
  }

  Parts of(const Options& options, size_t op) const {
    return {options.style->templates[op], row.table->database, row.table->name, options.app_id};
  }

  JsonRowPlan row;
  Parts parts[3];               // by Op
  std::string key;              // database.table
  std::vector<uint32_t> texts;  // columns of the TEXT types
};

// Grows from change to change, and is the same on every reading: the number of the log file, 36 bits of the
// offset at which the transaction begins, and on top the change's place in it. A transaction takes more bytes
// than it has changes, unless it was compressed to less.
uint64_t index_of(const Event& event, const Transaction& transaction, const Change& change) {
  std::string_view digits = event.file.substr(event.file.rfind('.') + 1);
  uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return (number << 36) + transaction.begin + change.index;
}

class Envelope final : public Encoder {
 public:
  explicit Envelope(const Options& options) : options_(options), values_(options.style->values) {}

  void encode(const Batch& batch, std::span<const Change> changes, Outbox& outbox) override {
    const Change& change = changes.front();
    if (change.op == Op::Ddl) return schema_change(batch, change, outbox);
    const Plan& plan =
        plans_.of(*change.table, [&] { return std::make_unique<Plan>(share(*change.table), options_); });
    const Parts& parts = plan.parts[static_cast<size_t>(change.op)];
    char* out = rows_.begin(outbox.bytes, plan.row, change, room(parts, batch, change));
    for (const Part& part : parts.parts) {
      out = part.text.put_long(out);
      if (part.place == kOld) {
        out = row(out, plan, change.before);
      } else if (part.place == kRow) {
        out = row(out, plan, change.after ? change.after : change.before);
      } else if (part.place != 0) {
        out = fact(out, part.place, batch, change);
      }
    }
    // No such program saw partial documents: what was changed within them stands at the end.
    if (rows_.has_patch() || strings_.take_patch()) {
      out = rows_.patches(put(out - 1, ",\"patch\":"), plan.row, change.after);
      *out++ = '}';
    }
    outbox.bytes.commit(out);
    if (outbox.addressed()) outbox.key().append(plan.key);
  }

  std::unique_ptr<Encoder> clone() const override { return std::make_unique<Envelope>(options_); }

 private:
  static size_t room(const Parts& parts, const Batch& batch, const Change& change) {
    return parts.bytes + ChangeStamp::bound(batch, change) + 6 * batch.events[change.event].file.size() +
           kPlacesBytes + 2 * kSlack;
  }

  char* row(char* out, const Plan& plan, const Row& row) {
    if (values_ == Values::Typed) return rows_.object(out, plan.row, row);
    if (values_ != Values::TextBase64) {
      return strings_.object(out, plan.row, row, rows_, values_ == Values::Canal);
    }
    if (plan.texts.empty()) return rows_.object(out, plan.row, row);
    cells_.assign(row.begin(), row.end());
    for (uint32_t i : plan.texts) {
      if (i < row.count && cells_[i].kind == Kind::Text) cells_[i].kind = Kind::Blob;
    }
    return rows_.object(out, plan.row, {cells_.data(), row.count, row.text_bytes});
  }

  char* fact(char* out, char place, const Batch& batch, const Change& change) {
    const Event& event = batch.events[change.event];
    const Transaction& transaction = batch.transactions[change.transaction];
    switch (place) {
      case kTime: {
        int64_t local = int64_t{event.timestamp} + options_.utc_offset;
        return day_.spell(out, local < 0 ? 0 : static_cast<uint64_t>(local), ' ');
      }
      case kSeconds: return spell_uint(out, event.timestamp);
      case kIndex: return spell_uint(out, index_of(event, transaction, change));
      case kEnd: return spell_uint(out, event.next);
      case kOffset: return spell_uint(out, event.offset);
      case kFile: return spell_json_text(out, event.file);
      default:  // kId
        out = spell_json_text(out, transaction.id);
        *out++ = '#';
        return spell_uint(out, change.index);
    }
  }

  void schema_change(const Batch& batch, const Change& change, Outbox& outbox) {
    std::string_view pattern = options_.style->templates[static_cast<size_t>(Op::Ddl)];
    if (pattern.empty()) return;
    const Event& event = batch.events[change.event];
    Parts parts(pattern, event.database, event.ddl_table, options_.app_id);
    char* out = outbox.bytes.reserve(room(parts, batch, change));
    for (const Part& part : parts.parts) {
      out = part.text.put_long(out);
      if (part.place != 0) out = fact(out, part.place, batch, change);
    }
    outbox.bytes.commit(out);
    if (!outbox.addressed()) return;
    outbox.key().append(event.database);
    outbox.key().push('.');
    outbox.key().append(event.ddl_table);
  }

  const Options options_;
  const Values values_;
  JsonRow rows_;
  StringRow strings_;
  DayMemo day_;
  std::vector<Cell> cells_;
  PlanCache<Plan> plans_;
};

constexpr Option kOptions[] = {
    {.name = "style",
     .kind = OptionKind::Choice,
     .fallback = "wing_seals",
     .help = "whose events: of wing-binlog's first version (seals), of 2.2 (wing) and of its Go version, of "
             "db-transfer, or of a client of canal that forwards rows",
     .choices = kStyleNames},
    {"app_id", OptionKind::Text, "", "what app_id says, in wing_seals"},
    {"utc_offset", OptionKind::Text, "+00:00", "the zone of `time` in wing_seals and wing: +08:00, -03:30"},
};

Result<int64_t> parse_offset(const Settings& settings) {
  std::string text = settings.text("utc_offset");
  auto digit = [&](size_t i) { return text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : 100; };
  bool formed = text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':';
  int hours = formed ? digit(1) * 10 + digit(2) : 100, minutes = formed ? digit(4) * 10 + digit(5) : 100;
  if (hours > 14 || minutes > 59) {
    return usage("{}: '{}' is no offset from UTC; expected one like +08:00 or -03:30",
                 settings.where("utc_offset"), text);
  }
  int64_t seconds = hours * 3600 + minutes * 60;
  return text[0] == '-' ? -seconds : seconds;
}

Result<std::unique_ptr<Encoder>> make(const Settings& settings) {
  Options options{.style = find_style(settings.text("style")), .app_id = settings.text("app_id")};
  SLUICE_ASSIGN(offset, parse_offset(settings));
  options.utc_offset = offset;
  return std::make_unique<Envelope>(options);
}

}  // namespace
}  // namespace envelope

extern const FormatType envelope_format;
const FormatType envelope_format = {"envelope", "plain JSON events, as older notifiers' consumers read them",
                                    envelope::kOptions, envelope::make};

}  // namespace sluice
