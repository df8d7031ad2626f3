// The decoder's part in what is set aside: rows whose columns nobody can tell are packed with all that they
// meant at their place, counted, and passed by; once the columns are told, they go through the decoder as if
// it stood there.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "wire/mysql/decoder_impl.h"

namespace sluice::mysql {
namespace {

// So many changes as the event will have once its columns have names: their types are known.
Result<uint32_t> count_rows(const RowsEvent& event, const TableUse& use) {
  const RowPlan& plan = use.plan;
  if (event.columns != plan.columns()) {
    return fatal("{} has {} columns in the table map and {} in the row event", full_name(*use.table),
                 plan.columns(), event.columns);
  }
  std::optional<RowPlan::Image> before, after;
  if (!event.before_bitmap.empty()) before.emplace(plan, event.before_bitmap);
  if (!event.after_bitmap.empty()) after.emplace(plan, event.after_bitmap);
  Arena arena;
  Invalid ignored;
  uint32_t count = 0;
  const char* at = event.rows.data();
  const char* end = at + event.rows.size();
  do {
    arena.reset();
    const char* begin = at;
    Row first, second;
    if (before) at = plan.decode(*before, at, end, arena, first, ignored);
    if (at && event.partial && after)
      at = plan.decode_partial(*after, at, end, arena, first, second, ignored);
    else if (at && after)
      at = plan.decode(*after, at, end, arena, second, ignored);
    if (!at || (at == begin && !event.rows.empty()))
      return fatal("a row of {} makes no sense {} bytes into the event's rows", full_name(*use.table),
                   begin - event.rows.data());
    ++count;
  } while (at < end);
  return count;
}

std::string list_of(const std::vector<AsideTable>& tables) {
  std::string text;
  for (const AsideTable& table : tables) {
    text += fmt::format("{}{}.{} ({} events since {})", text.empty() ? "" : ", ", table.name.database,
                        table.name.table, table.events, table.since);
  }
  return text;
}

}  // namespace

// Where the decoder stands in the log, while it stands elsewhere.
struct Decoder::Impl::Reading {
  std::string file;
  uint64_t at, begin;
  uint32_t thread;
  OpenTransaction tx;
  DdlContext server;
  std::string query, handed_id;
};

AsideRecord Decoder::Impl::aside_record(const EventHeader& header, std::string_view body) const {
  AsideRecord record;
  record.commit_us = tx_.gtid.commit_us;
  record.begin = tx_.begin;
  record.offset = event_begin_;
  record.next = at_;
  record.index = tx_.changes;
  record.thread_id = thread_id_;
  record.timestamp = header.timestamp;
  record.server_id = header.server_id;
  record.type = header.type;
  record.flavor = server_.flavor;
  record.version = server_.version;
  record.explicit_timestamp = server_.explicit_timestamp;
  record.transaction = tx_.id;
  record.gtid = tx_.gtid_text;
  record.xa = tx_.xa;
  record.file = file_;
  record.query = rows_query_;
  record.body = body;
  return record;
}

Result<void> Decoder::Impl::set_rows_aside(const EventHeader& header, std::string_view body,
                                           const RowsEvent& event, const TableUse& use) {
  SLUICE_ASSIGN(count, count_rows(event, use));
  AsideRecord record = aside_record(header, body);
  record.kind = AsideRecord::Kind::Rows;
  record.changes = count;
  record.map = use.map_bytes;
  SLUICE_TRY(
      aside_.add({.table = {use.table->database, use.table->name}, .place = where(), .bytes = pack(record)},
                 tx_.changes, count));
  tx_.changes += count;
  return {};
}

// The tables that a schema change names, and whether rows of one of them are set aside. The others then queue
// behind it, too: what they are up to here is kept for them.
std::vector<TableName> Decoder::Impl::named_beside_aside(const std::string& sql, const DdlContext& context,
                                                         bool& concerns) {
  Catalogue nothing;
  DdlOutcome outcome = apply_ddl(sql, context, nothing);
  if (outcome.is_temporary) return {};
  concerns = !outcome.understood && outcome.tables.empty();
  for (const TableName& name : outcome.tables) concerns |= aside_.holds(name);
  if (!concerns) return {};
  for (const TableName& name : outcome.tables) {
    TablePtr known = aside_.holds(name) ? nullptr : catalogue_.find(name.database, name.table);
    if (known) aside_.told().put(known);
  }
  return std::move(outcome.tables);
}

Result<void> Decoder::Impl::set_ddl_aside(const EventHeader& header, std::string_view body,
                                          std::vector<TableName> named, std::string_view database,
                                          bool told) {
  AsideRecord record = aside_record(header, body);
  record.kind = AsideRecord::Kind::Ddl;
  record.changes = told;
  std::string charset = catalogue_.default_charset(named.empty() ? database : named.front().database);
  record.charset = charset;
  record.tables = named;
  auto held =
      std::find_if(named.begin(), named.end(), [&](const TableName& name) { return aside_.holds(name); });
  std::vector<AsideTable> all = aside_.tables();
  CHECK(held != named.end() || !all.empty());
  TableName name = held != named.end() ? *held : all.front().name;
  SLUICE_TRY(aside_.add({.table = std::move(name), .place = where(), .ddl = true, .bytes = pack(record)},
                        tx_.changes, told, named));
  tx_.changes += told;
  uses_.clear();
  return {};
}

Decoder::Impl::Reading Decoder::Impl::leave_reading() {
  return {std::move(file_), at_,     event_begin_,           thread_id_,
          std::move(tx_),   server_, std::move(rows_query_), std::exchange(handed_id_, {})};
}

void Decoder::Impl::come_back(Reading reading) {
  file_ = std::move(reading.file);
  at_ = reading.at;
  event_begin_ = reading.begin;
  thread_id_ = reading.thread;
  tx_ = std::move(reading.tx);
  server_ = std::move(reading.server);
  rows_query_ = std::move(reading.query);
  handed_id_ = std::move(reading.handed_id);
  transaction_ = kNone;
  file_copy_ = query_copy_ = {};
}

void Decoder::Impl::stand_in(const AsideRecord& record) {
  if (tx_.id != record.transaction) transaction_ = kNone;
  tx_ = {};
  tx_.open = tx_.block = true;
  tx_.id = record.transaction;
  tx_.gtid_text = record.gtid;
  tx_.gtid.commit_us = record.commit_us;
  tx_.begin = record.begin;
  tx_.xa = record.xa;
  tx_.changes = record.index;
  file_ = record.file;
  event_begin_ = record.offset;
  at_ = record.next;
  thread_id_ = record.thread_id;
  rows_query_ = record.query;
  file_copy_ = query_copy_ = {};
  server_.flavor = record.flavor;
  server_.version = record.version;
  server_.explicit_timestamp = record.explicit_timestamp;
}

Result<bool> Decoder::Impl::release(Batch& batch) {
  CHECK(!tx_.open);
  if (batch_ != &batch) open_batch(batch);
  if (!aside_.passing()) {
    SLUICE_ASSIGN(begun, aside_.begin_pass());
    if (!begun) return false;
    late_uses_.clear();
  }
  Reading reading = leave_reading();
  auto done = release_some(batch);
  come_back(std::move(reading));
  if (!done) return Failure(std::move(done).error());
  return true;
}

Result<void> Decoder::Impl::release_some(Batch& batch) {
  for (size_t bytes = 0; bytes < options_.batch_bytes && batch.changes.size() < kMostChanges &&
                         cell_bytes_ < kCellBytesFactor * options_.batch_bytes;) {
    SLUICE_ASSIGN(event, aside_.next());
    if (event.id == 0) {
      end_release();
      return {};
    }
    bytes += event.bytes.size();
    SLUICE_ASSIGN(packed, aside_.packed(event));
    SLUICE_ASSIGN(record, unpack_aside(packed));
    size_t before = batch.changes.size();
    auto done = record.kind == AsideRecord::Kind::Rows ? release_rows(event, record, batch)
                                                       : release_ddl(event, record, batch);
    if (!done) return while_doing("what was set aside at " + event.place, std::move(done).error());
    if (batch.changes.size() == before) continue;
    batch.changes.back().last = record.last;
    batch.transactions[batch.changes.back().transaction].xid = record.xid;
  }
  return {};
}

Result<void> Decoder::Impl::release_rows(const AsideEvent& event, const AsideRecord& record, Batch& batch) {
  if (aside_.is_blocked(event.table)) {
    aside_.keep(event);
    return {};
  }
  SLUICE_TRY(late_uses_.map(record.map, record.flavor));
  const TableUse* use = late_uses_.find(Cursor(record.map).u48());
  if (!use) return fatal("its table map makes no sense");
  if (use->wanted && use->aside) {
    aside_.keep(event);
    return {};
  }
  aside_.release(event);
  if (!use->wanted) {
    ++skipped_events_;
    return {};
  }
  stand_in(record);
  SLUICE_ASSIGN(rows, read_rows_event(record.type, batch.arena.copy(record.body)));
  if (record.type >= EventType::WriteRowsCompressedV1) {
    SLUICE_ASSIGN(images, inflate(rows.rows, batch));
    rows.rows = images;
  }
  EventHeader header = record.header();
  transaction_in(batch);
  event_in(batch, header);
  SLUICE_ASSIGN(whole, decode_rows(rows, *use, batch));
  CHECK(whole);  // a batch of what was set aside has room for the event in hand
  return {};
}

Result<void> Decoder::Impl::release_ddl(const AsideEvent& event, const AsideRecord& record, Batch& batch) {
  bool blocked = record.tables.empty() && aside_.is_blocked(event.table);
  for (const TableName& name : record.tables) blocked |= aside_.is_blocked(name);
  if (blocked) {
    aside_.keep(event, record.tables);
    return {};
  }
  stand_in(record);
  SLUICE_ASSIGN(query, read_query_event(batch.arena.copy(record.body)));
  if (record.type == EventType::QueryCompressed) {
    SLUICE_ASSIGN(inflated, inflate(query.sql, batch));
    query.sql = inflated;
  }
  std::string sql = to_utf8(query, query.sql);
  DdlContext context = context_of(query);
  const std::string database = record.tables.empty() ? context.database : record.tables.front().database;
  if (!record.charset.empty()) aside_.told().set_default_charset(database, std::string(record.charset));
  DdlOutcome outcome = apply_ddl(sql, context, aside_.told());
  if (record.changes > 0 && is_told(query, outcome)) tell_ddl(record.header(), query, sql, outcome, batch);
  aside_.release(event);
  return {};
}

// What is left of the told columns is what the tables are now.
void Decoder::Impl::end_release() {
  std::vector<TablePtr> learnt;
  aside_.told().for_each([&](const TablePtr& table) {
    bool whole = !aside_.is_blocked({table->database, table->name});
    if (whole && !catalogue_.find(table->database, table->name)) learnt.push_back(table);
  });
  size_t before = aside_.tables().size();
  aside_.done();
  catalogue_.stand_at(std::make_shared<const Position>(position_));
  for (TablePtr& table : learnt) catalogue_.put(std::move(table));
  uses_.clear();
  std::vector<AsideTable> left = aside_.tables();
  if (before > left.size()) log::info("what was set aside of {} tables has come out", before - left.size());
  if (!left.empty()) {
    log::warning(
        "still set aside: {}. Their columns as of then can be told by 'sluice schema repair --schema FILE'",
        list_of(left));
  }
}

}  // namespace sluice::mysql
