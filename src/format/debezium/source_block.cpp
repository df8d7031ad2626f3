#include "format/debezium/source_block.h"

#include <cstring>

#include "format/json_text.h"
#include "format/put.h"
#include "format/spell.h"

namespace sluice::debezium {
namespace {

// What the fields take, without names, GTIDs and statements.
constexpr size_t kFieldBytes = 1024;
constexpr size_t kKeepBytes = 64 << 10;  // what a long statement needed beyond that is given back

// In quotes; of none, null.
char* put_text(char* out, std::string_view text) {
  if (text.empty()) return put(out, "null");
  *out = '"';
  out = spell_json_text(out + 1, text);
  *out = '"';
  return out + 1;
}

// Microseconds are all that the log knows.
char* put_nanoseconds(char* out, uint64_t us) { return put(spell_uint(out, us), us == 0 ? "" : "000"); }

}  // namespace

void SourceBlock::set_connector(std::string_view connector) {
  head_ = Snippet(fmt::format(R"("source":{{"version":"{}","connector":"{}","name":{},"ts_ms":)",
                              SLUICE_VERSION, connector, quoted(options_.name)));
  batch_ = 0;
}

size_t SourceBlock::bound(const Of& of) const {
  return head_.size() + of.place.size() + of.database.size() + kFieldBytes +
         6 * (of.event.file.size() + of.transaction.gtid.size() + of.query.size()) + 4 * kSlack;
}

char* SourceBlock::before_row(char* out, const Of& of) const {
  uint64_t us = commit_us(of.transaction, of.event);
  out = spell_uint(head_.put(out), us / 1000);
  out = put(put(out, R"(,"snapshot":"false","db":)"), of.database);
  out = spell_uint(put(out, R"(,"sequence":null,"ts_us":)"), us);
  out = put_nanoseconds(put(out, R"(,"ts_ns":)"), us);
  out = spell_uint(of.place.put(out), of.event.server_id);
  out = put_text(put(out, R"(,"gtid":)"), of.transaction.gtid);
  out = put_text(put(out, R"(,"file":)"), of.event.file);
  out = spell_uint(put(out, R"(,"pos":)"), of.event.offset);
  return put(out, R"(,"row":)");
}

char* SourceBlock::behind_row(char* out, const Of& of) {
  out = put(out, R"(,"thread":)");
  out = of.event.thread_id != 0 ? spell_uint(out, of.event.thread_id) : put(out, "null");
  out = put_text(put(out, R"(,"query":)"), of.query);
  return put(out, "}");
}

char* SourceBlock::times(char* out, const Batch& batch) {
  auto us = static_cast<uint64_t>(batch.read_us);
  out = spell_uint(put(out, R"(","ts_ms":)"), us / 1000);
  out = spell_uint(put(out, R"(,"ts_us":)"), us);
  out = put_nanoseconds(put(out, R"(,"ts_ns":)"), us);
  return put(out, "}");
}

void SourceBlock::append(Bytes& out, const Batch& batch, const Change& change, std::string_view database,
                         const Snippet& place) const {
  Of of{batch.events[change.event], batch.transactions[change.transaction], database, place, {}};
  char* at = out.reserve(bound(of));
  out.commit(behind_row(put(before_row(at, of), "0"), of));
}

void SourceBlock::append_end(Bytes& out, const Batch& batch, const Change& change, const Plan& plan, char op,
                             const TransactionBlock* transaction) {
  constexpr std::string_view kToOp = R"(,"transaction":null,"op":")";
  const Event& event = batch.events[change.event];
  Of of{event, batch.transactions[change.transaction], plan.database, plan.place,
        options_.query ? event.query : std::string_view()};
  uint64_t row = change.index - event.first;
  char* at = out.reserve(bound(of));
  if (transaction) {  // it is another one for each row
    out.commit(behind_row(spell_uint(before_row(at, of), row), of));
    out.append(",\"transaction\":");
    transaction->append(out);
    at = put(out.reserve(kFieldBytes), R"(,"op":")");
    *at++ = op;
    return out.commit(times(at, batch));
  }
  bool same =
      batch.sequence == batch_ && batch_ != 0 && change.event == event_ && change.transaction == transaction_;
  if (!same) {
    batch_ = batch.sequence;
    event_ = change.event;
    transaction_ = change.transaction;
    shared_.clear();
    shared_.shrink(kKeepBytes);
    at = put(behind_row(spell_uint(before_row(at, of), row), of), kToOp);
    *at++ = op;
    return out.commit(times(at, batch));
  }
  if (shared_.empty()) {
    char* begin = shared_.reserve(bound(of));
    char* end = before_row(begin, of);
    to_row_ = static_cast<size_t>(end - begin);
    end = put(behind_row(end, of), kToOp);
    to_op_ = static_cast<size_t>(end - begin);
    shared_.commit(times(end, batch));
  }
  std::string_view shared = shared_.view();
  at = spell_uint(put(at, shared.substr(0, to_row_)), row);
  at = put(at, shared.substr(to_row_, to_op_ - to_row_));
  *at++ = op;
  out.commit(put(at, shared.substr(to_op_)));
}

}  // namespace sluice::debezium
