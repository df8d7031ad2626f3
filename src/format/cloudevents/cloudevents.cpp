// CloudEvents 1.0 (cloudevents.io), an event a change: docs/formats/cloudevents.md.
#include <memory>

#include "format/change_stamp.h"
#include "format/cloudevents/options.h"
#include "format/encoder.h"
#include "format/json_row.h"
#include "format/json_text.h"
#include "format/plan_cache.h"
#include "format/put.h"
#include "format/snippet.h"

namespace sluice {
namespace cloudevents {
namespace {

constexpr std::string_view kOps[] = {"insert", "update", "delete", "ddl"};
// What the parts take that are no column, no text of the log and no part of a head.
constexpr size_t kEnvelopeBytes = 256;

// All that events of one kind share.
struct Head {
  Head(const Options& options, std::string_view op, std::string_view database, std::string_view table) {
    type = options.type + "." + std::string(op);
    std::string full(database);
    if (!table.empty()) full += (full.empty() ? "" : ".") + std::string(table);
    subject = attribute(full, false);
    attributes = Snippet(fmt::format(
        R"({{"specversion":"1.0","type":{},"source":{},{}"datacontenttype":"application/json","time":")",
        quoted(type), quoted(options.source),
        subject.empty() ? "" : fmt::format(R"("subject":{},)", quoted(subject))));
    data = Snippet(fmt::format(R"({{"op":"{}","db":{})", op, quoted(database)) +
                   (table.empty() ? "" : R"(,"table":)" + quoted(table)));
  }

  std::string type, subject;
  Snippet attributes;  // {"specversion":…,"time":"
  Snippet data;        // {"op":"insert","db":"…","table":"…"
};

struct Plan {
  Plan(TablePtr table, const Options& options)
      : row(std::move(table)), heads{head(options, 0), head(options, 1), head(options, 2)} {}

  Head head(const Options& options, size_t op) const {
    return {options, kOps[op], row.table->database, row.table->name};
  }

  JsonRowPlan row;
  Head heads[3];  // by Op
};

class CloudEvents final : public Encoder {
 public:
  explicit CloudEvents(const Options& options)
      : options_(options), prefix_(options.http ? "ce-" : "ce_"), stamp_(R"(","id":")") {}

  void encode(const Batch& batch, std::span<const Change> changes, Outbox& outbox) override {
    const Change& change = changes.front();
    if (change.op == Op::Ddl) return schema_change(batch, change, outbox);
    const Plan& plan =
        plans_.of(*change.table, [&] { return std::make_unique<Plan>(share(*change.table), options_); });
    const Head& head = plan.heads[static_cast<size_t>(change.op)];
    Bytes& bytes = outbox.bytes;
    char* out = rows_.begin(bytes, plan.row, change, others(head, batch, change));
    out = open(out, head, batch, change, outbox);
    size_t key_begin = 0, key_end = 0;
    if (!plan.row.table->key.empty()) {
      out = put(out, ",\"key\":");
      key_begin = static_cast<size_t>(out - bytes.data());
      out = rows_.key(out, plan.row, change);
      key_end = static_cast<size_t>(out - bytes.data());
    }
    if (change.before) out = rows_.object(put(out, ",\"before\":"), plan.row, change.before);
    if (change.after) out = rows_.object(put(out, ",\"after\":"), plan.row, change.after);
    if (rows_.has_patch()) out = rows_.patches(put(out, ",\"patch\":"), plan.row, change.after);
    close(out, outbox);
    if (!outbox.addressed()) return;
    if (key_end != key_begin) outbox.key().append(bytes.view().substr(key_begin, key_end - key_begin));
    headers(head, batch, change, outbox);
  }

  std::unique_ptr<Encoder> clone() const override { return std::make_unique<CloudEvents>(options_); }

 private:
  // Without headers, attributes have no place but the message.
  bool structured(const Outbox& outbox) const { return !options_.binary || !outbox.addressed(); }

  static size_t others(const Head& head, const Batch& batch, const Change& change) {
    return head.attributes.size() + head.data.size() + ChangeStamp::bound(batch, change) + kEnvelopeBytes +
           2 * kSlack;
  }

  // Up to the data's members.
  char* open(char* out, const Head& head, const Batch& batch, const Change& change, const Outbox& outbox) {
    if (structured(outbox)) {
      out = stamp_.put(head.attributes.put_long(out), batch, change);
      out = put(out, ",\"data\":");
    }
    return head.data.put_long(out);
  }

  void close(char* out, Outbox& outbox) const {
    outbox.bytes.commit(put(out, structured(outbox) ? "}}" : "}"));
  }

  // HTTP's content type is the sink's to tell.
  void headers(const Head& head, const Batch& batch, const Change& change, Outbox& outbox) {
    if (!options_.http) {
      outbox.header("content-type",
                    options_.binary ? "application/json" : "application/cloudevents+json; charset=UTF-8");
    }
    if (!options_.binary) return;
    header("specversion", "1.0", outbox);
    header("type", head.type, outbox);
    header("source", options_.source, outbox);
    if (!head.subject.empty()) header("subject", head.subject, outbox);
    scratch_.clear();
    char* begin = scratch_.reserve(ChangeStamp::bound(batch, change) + kEnvelopeBytes + kSlack);
    scratch_.commit(stamp_.put(begin, batch, change));
    header("time", scratch_.view().substr(0, scratch_.view().find('"')), outbox);
    std::string_view transaction = batch.transactions[change.transaction].id;
    scratch_.clear();
    scratch_.append(transaction);
    scratch_.push('#');
    scratch_.commit(spell_uint(scratch_.reserve(kScalarBytes + kSlack), change.index));
    header("id", scratch_.view(), outbox);
  }

  void header(std::string_view name, std::string_view value, Outbox& outbox) {
    name_.assign(prefix_);
    name_ += name;
    outbox.header(name_, value);
  }

  void schema_change(const Batch& batch, const Change& change, Outbox& outbox) {
    const Event& event = batch.events[change.event];
    Head head(options_, kOps[3], event.database, event.ddl_table);
    char* out = outbox.bytes.reserve(6 * event.query.size() + others(head, batch, change));
    out = open(out, head, batch, change, outbox);
    out = spell_json_text(put(out, ",\"statement\":\""), event.query);
    close(put(out, "\""), outbox);
    if (outbox.addressed()) headers(head, batch, change, outbox);
  }

  const Options options_;
  const std::string_view prefix_;
  std::string name_;  // of the header in hand
  Bytes scratch_;
  ChangeStamp stamp_;
  JsonRow rows_;
  PlanCache<Plan> plans_;
};

Result<std::unique_ptr<Encoder>> make(const Settings& settings) {
  SLUICE_ASSIGN(options, read_options(settings));
  return std::make_unique<CloudEvents>(options);
}

}  // namespace
}  // namespace cloudevents

extern const FormatType cloudevents_format;
const FormatType cloudevents_format = {"cloudevents",
                                       "CloudEvents 1.0: an event a change, as JSON or with headers",
                                       cloudevents::option_table(), cloudevents::make};

}  // namespace sluice
