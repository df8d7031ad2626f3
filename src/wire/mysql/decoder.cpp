#include "wire/mysql/decoder.h"

#include "base/check.h"
#include "base/log.h"
#include "wire/mysql/decoder_impl.h"

namespace sluice::mysql {
namespace {

// 90704 of "9.7.4-log", 111106 of "11.11.6-MariaDB".
uint32_t version_number(std::string_view text) {
  uint32_t parts[3] = {};
  size_t part = 0;
  for (char c : text) {
    if (c == '.') {
      if (++part == 3) break;
    } else if (c >= '0' && c <= '9') {
      parts[part] = parts[part] % 100 * 10 + static_cast<uint32_t>(c - '0');
    } else {
      break;
    }
  }
  return parts[0] * 10000 + parts[1] * 100 + parts[2];
}

// INSERT INTO t () VALUES (): MySQL's MINIMAL image of it has no column, and so no byte. It refuses to log
// two of them in one event.
bool is_row_of_defaults(const RowsEvent& event) {
  return event.op == Op::Insert && event.columns > 0 &&
         event.after_bitmap.find_first_not_of('\0') == std::string_view::npos;
}

// What must not wait for the end of its transaction: what ends it, and what is a fault.
bool tells_at_once(StatementKind kind) {
  switch (kind) {
    case StatementKind::Commit:
    case StatementKind::Rollback:
    case StatementKind::XaStart:
    case StatementKind::XaEnd:
    case StatementKind::XaPrepare:
    case StatementKind::XaCommit:
    case StatementKind::XaRollback:
    case StatementKind::RowChange: return true;
    default: return false;
  }
}

}  // namespace

void Decoder::Impl::start(const Position& position) {
  position_ = position;
  if (!server_uuid_.empty()) position_.server_uuid = server_uuid_;
  file_ = position.file;
  at_ = position.offset;
  catching_up_ = !position.file.empty() && !position.gtids.empty();
  file_start_ = position.offset <= 4;
  beyond_gtids_ = false;
  checksum_ = Checksum::Unknown;
  uses_.clear();
  tx_ = {};
  rows_done_ = 0;
  payload_.close();
  prepared_.drop();
  prepared_.close();
  withheld_.drop();
  aside_.forget_open();
  held_.reset();
  batch_ = nullptr;
  rows_query_.clear();
}

Failure Decoder::Impl::damaged(std::string what) {
  damaged_ = true;
  if (options_.live) return retryable("{}", what);
  return fatal(
      "{}. Copy the file anew from the server, or look for the event with mysqlbinlog "
      "--verify-binlog-checksum",
      what);
}

Result<std::string_view> Decoder::Impl::unframe(const EventHeader& header, std::string_view event) {
  if (header.size != event.size()) {
    return damaged(fmt::format("the event at {} says it is {} bytes long, but there are {}", where(),
                               header.size, event.size()));
  }
  if (header.type == EventType::FormatDescription) SLUICE_TRY(format_description(event));
  bool has_checksum = checksum_ == Checksum::Crc32;
  // A dump begins with an artificial ROTATE, before anything has told the algorithm.
  if (checksum_ == Checksum::Unknown && event.size() >= kHeaderBytes + kChecksumBytes) {
    has_checksum = checksum_fits(event);
  } else if (has_checksum && options_.verify_checksums) {
    if (event.size() < kHeaderBytes + kChecksumBytes || !checksum_fits(event)) {
      return damaged(fmt::format("the {} event at {} is damaged: its checksum does not fit",
                                 name(header.type), where()));
    }
  }
  if (header.type == EventType::FormatDescription) has_checksum = true;  // carries one whatever the algorithm
  if (has_checksum && event.size() < kHeaderBytes + kChecksumBytes)
    return fatal("the event at {} is too short to hold its checksum", where());
  return event.substr(kHeaderBytes, event.size() - kHeaderBytes - (has_checksum ? kChecksumBytes : 0));
}

// version u16, server version 50 bytes, created u32, header length u8, lengths u8 each, algorithm u8,
// checksum u32.
Result<void> Decoder::Impl::format_description(std::string_view event) {
  constexpr size_t kLeast = kHeaderBytes + 2 + 50 + 4 + 1 + 1 + kChecksumBytes;
  if (event.size() < kLeast) return fatal("the format description at {} is cut short", where());
  Cursor in(event.substr(kHeaderBytes));
  uint16_t version = in.u16();
  std::string_view server = in.bytes(50);
  in.u32();
  uint8_t header_length = in.u8();
  if (version != 4 || header_length != kHeaderBytes) {
    return fatal(
        "the log at {} has format version {}, written by server {}; only version 4 (MySQL 5.0 and newer) is "
        "understood",
        where(), version, server.substr(0, server.find('\0')));
  }
  uint8_t algorithm = static_cast<uint8_t>(event[event.size() - kChecksumBytes - 1]);
  if (algorithm > 1)
    return fatal("the log at {} uses checksum algorithm {}, which is not known", where(), algorithm);
  checksum_ = algorithm == 1 ? Checksum::Crc32 : Checksum::None;
  server_.flavor = server.find("MariaDB") != std::string_view::npos ? Flavor::MariaDb : Flavor::MySql;
  server_.version = version_number(server);
  // Older logs do not tell; what the servers had by default (MySQL manual, "Server System Variables"; MariaDB
  // 10.10 release notes).
  server_.explicit_timestamp = server_.version >= (server_.flavor == Flavor::MariaDb ? 101000u : 80002u);
  uses_.clear();
  return {};
}

// The header's `end` has 32 bits and is 0 in artificial events; files grow beyond that.
void Decoder::Impl::advance(const EventHeader& header, size_t size) {
  event_begin_ = at_;
  if (header.flags & kFlagArtificial || header.end == 0) return;
  uint64_t end = at_ + size;
  if (static_cast<uint32_t>(end) != header.end) {
    // A dump by GTID leaves out what is known already, and a dump from the middle sends the file's format
    // description first.
    end = (at_ & ~uint64_t{0xffffffff}) | header.end;
    if (header.type == EventType::FormatDescription) return;
    if (end < at_) end += uint64_t{1} << 32;
  }
  event_begin_ = end - size;
  at_ = end;
}

bool Decoder::Impl::is_full(const EventHeader& header, const Batch& batch) const {
  bool adds = (header.type >= EventType::WriteRowsV1 && header.type <= EventType::DeleteRowsV1) ||
              (header.type >= EventType::WriteRows && header.type <= EventType::DeleteRows) ||
              header.type == EventType::PartialUpdateRows || header.type == EventType::Query ||
              header.type >= EventType::QueryCompressed;
  if (!adds || batch_ != &batch || (batch.changes.empty() && aside_.pending_bytes() == 0)) return false;
  bool over = batch.log_bytes + inflated_bytes_ + header.size > options_.batch_bytes && !keeps_back(batch);
  return over || is_crowded(batch);
}

Result<bool> Decoder::Impl::take(std::string_view event, Batch& batch, const FilePart* stored) {
  damaged_ = false;
  if (event.size() < kHeaderBytes) return fatal("the event at {}:{} is shorter than its header", file_, at_);
  EventHeader header = read_header(event);
  if (is_full(header, batch)) return false;
  // Of what comes again the checks were done.
  bool again = rows_done_ > 0 || payload_.is_open() || prepared_.is_reading() || withheld_.is_reading();
  size_t size = stored ? stored->size() : event.size();
  if (!again) advance(header, size);
  std::string_view body = event.substr(kHeaderBytes, payload_size_);
  if (!payload_.is_open() && stored) SLUICE_TRY(open_stored(header, *stored));
  if (!payload_.is_open()) {
    SLUICE_ASSIGN(unframed, unframe(header, event));
    body = unframed;
  }
  if (batch_ != &batch) open_batch(batch);
  if (!again) batch.log_bytes += size;
  if (header.timestamp && header.type != EventType::FormatDescription) timestamp_ = header.timestamp;
  auto done = dispatch(header, event, body, batch);
  if (!done) {
    Error error = done.error();
    error.what = fmt::format("{} event at {}: {}", name(header.type), where(), error.what);
    return Failure(std::move(error));
  }
  if (!tx_.open) touch_progress();
  return *done;
}

Result<bool> Decoder::Impl::dispatch(const EventHeader& header, std::string_view event, std::string_view body,
                                     Batch& batch) {
  if (prepared_.is_writing()) {
    SLUICE_ASSIGN(aside, set_aside(header, event, body));
    if (aside) return true;
  }
  if (withholds(header) && header.type != EventType::Query && header.type != EventType::QueryCompressed) {
    SLUICE_TRY(withhold(event, body));
    return true;
  }
  auto done = [](Result<void> result) -> Result<bool> {
    if (!result) return Failure(std::move(result).error());
    return true;
  };
  switch (header.type) {
    case EventType::WriteRows:
    case EventType::UpdateRows:
    case EventType::DeleteRows:
    case EventType::WriteRowsV1:
    case EventType::UpdateRowsV1:
    case EventType::DeleteRowsV1:
    case EventType::PartialUpdateRows:
    case EventType::WriteRowsCompressed:
    case EventType::UpdateRowsCompressed:
    case EventType::DeleteRowsCompressed:
    case EventType::WriteRowsCompressedV1:
    case EventType::UpdateRowsCompressedV1:
    case EventType::DeleteRowsCompressedV1: return rows(header, body, batch);
    case EventType::TableMap: return done(uses_.map(body, server_.flavor));
    case EventType::Query:
    case EventType::QueryCompressed: return query(header, event, body, batch);
    case EventType::XaPrepare: return xa_prepare(header, body, batch);
    case EventType::Xid: tx_.xid = Cursor(body).u64(); return commit(batch);
    case EventType::Gtid:
    case EventType::AnonymousGtid:
    case EventType::GtidTagged:
    case EventType::MariaDbGtid:
      if (tx_.open && tx_.block) SLUICE_TRY(abandon(batch));
      if (tx_.open) end_transaction(batch);
      return done(gtid(header, body));
    case EventType::PreviousGtids:
    case EventType::MariaDbGtidList: return done(gtid_list(header, body));
    case EventType::TransactionPayload: return payload(body, batch);
    case EventType::Rotate: return done(rotate(header, body));
    case EventType::RowsQuery:
      if (!body.empty()) rows_query(body.substr(1));  // a length byte that saturates and is of no use
      return true;
    case EventType::AnnotateRows: rows_query(body); return true;
    case EventType::FormatDescription: return done(abandon(batch));
    default: return without_rows(header);
  }
}

uint32_t Decoder::Impl::transaction_in(Batch& batch) {
  if (transaction_ == kNone) {
    transaction_ = static_cast<uint32_t>(batch.transactions.size());
    batch.transactions.push_back({.id = batch.arena.copy(tx_.id),
                                  .gtid = batch.arena.copy(tx_.gtid_text),
                                  .commit_us = tx_.gtid.commit_us,
                                  .xid = tx_.xid,
                                  .begin = tx_.begin,
                                  .xa = batch.arena.copy(tx_.xa)});
  }
  return transaction_;
}

void Decoder::Impl::event_in(Batch& batch, const EventHeader& header) {
  if (file_copy_.empty()) file_copy_ = batch.arena.copy(file_);
  if (query_copy_.empty() && !rows_query_.empty()) query_copy_ = batch.arena.copy(rows_query_);
  event_ = static_cast<uint32_t>(batch.events.size());
  if (rows_done_ == 0) event_first_ = tx_.changes;
  batch.events.push_back({.file = file_copy_,
                          .offset = event_begin_,
                          .next = at_,
                          .timestamp = header.timestamp,
                          .server_id = header.server_id,
                          .thread_id = thread_id_,
                          .first = event_first_,
                          .query = query_copy_,
                          .database = {},
                          .ddl_table = {}});
}

void Decoder::Impl::rows_query(std::string_view text) {
  if (!options_.query) return;
  rows_query_ = text;
  query_copy_ = {};
}

Result<bool> Decoder::Impl::commit(Batch& batch) {
  SLUICE_ASSIGN(whole, tell_withheld(batch));
  if (whole) end_transaction(batch);
  return whole;
}

Result<bool> Decoder::Impl::query(const EventHeader& header, std::string_view event, std::string_view body,
                                  Batch& batch) {
  SLUICE_ASSIGN(query, read_query_event(body));
  if (header.type == EventType::QueryCompressed) {
    SLUICE_ASSIGN(sql, inflate(query.sql, batch));
    query.sql = sql;
  }
  thread_id_ = query.thread_id;
  StatementKind kind = classify(query.sql);
  if (kind == StatementKind::Begin) {
    if (tx_.open && tx_.block && tx_.changes > 0) SLUICE_TRY(abandon(batch));
    if (!tx_.open) begin_transaction(true);
    tx_.block = true;
    return true;
  }
  if (!tx_.open) begin_transaction(false);  // before 5.7 nothing announces a statement
  if (withholds(header) && !tells_at_once(kind)) {
    SLUICE_TRY(withhold(event, body));
    return true;
  }
  switch (kind) {
    case StatementKind::Commit: return commit(batch);
    case StatementKind::Rollback: SLUICE_TRY(roll_back(batch, "ends in ROLLBACK")); return true;
    case StatementKind::RowChange:
      return fatal(
          "rows were changed by a statement that is logged as text ({}), so their values are not in the "
          "log. Set binlog_format=ROW",
          quoted(query.sql));
    case StatementKind::XaStart: SLUICE_TRY(begin_prepared(xid_of_statement(query.sql))); return true;
    case StatementKind::XaEnd:
    case StatementKind::XaPrepare: return true;
    case StatementKind::XaCommit: return xa_commit(header, xid_of_statement(query.sql), batch);
    case StatementKind::XaRollback: prepared_.rolled_back(xid_of_statement(query.sql)); break;
    case StatementKind::Savepoint: set_savepoint(query.sql); return true;
    case StatementKind::RollbackTo: SLUICE_TRY(roll_back_to(query.sql, batch)); return true;
    case StatementKind::Ddl:
      if (!tx_.gtid.alter_without_effect) SLUICE_TRY(ddl(header, body, query, batch));
      break;
    case StatementKind::Begin:
    case StatementKind::OtherDdl:
    case StatementKind::Other: break;
  }
  if (!tx_.block) end_transaction(batch);
  return true;
}

Result<bool> Decoder::Impl::rows(const EventHeader& header, std::string_view body, Batch& batch) {
  SLUICE_ASSIGN(event, read_rows_event(header.type, body));
  const TableUse* use = uses_.find(event.table_id);
  if (header.type >= EventType::WriteRowsCompressedV1 && use && use->wanted) {
    SLUICE_ASSIGN(images, inflate(event.rows, batch));
    event.rows = images;
  }
  // Without a byte it ends a statement of which nothing is logged, or holds one row of nothing but defaults.
  if (event.rows.empty() && (!use || !is_row_of_defaults(event))) return true;
  if (!use) return fatal("no table map explains table id {}", event.table_id);
  if (!tx_.open) return fatal("rows outside of a transaction");
  if (use->aside) {
    SLUICE_TRY(set_rows_aside(header, body, event, *use));
  } else if (use->wanted) {
    transaction_in(batch);
    event_in(batch, header);
    SLUICE_ASSIGN(whole, decode_rows(event, *use, batch));
    if (!whole) return false;
  }
  // Every statement brings its maps anew.
  if (event.statement_end) uses_.forget_many();
  return true;
}

// False: the batch is full, and there are more rows.
Result<bool> Decoder::Impl::decode_rows(const RowsEvent& event, const TableUse& use, Batch& batch) {
  const RowPlan& plan = use.plan;
  if (event.columns != plan.columns()) {
    return fatal("{}.{} has {} columns in the table map and {} in the row event", use.table->database,
                 use.table->name, plan.columns(), event.columns);
  }
  const Table* table = batch.hold(use.table);
  std::optional<RowPlan::Image> before, after;
  if (!event.before_bitmap.empty()) before.emplace(plan, event.before_bitmap);
  if (!event.after_bitmap.empty()) after.emplace(plan, event.after_bitmap);
  CHECK(rows_done_ <= event.rows.size());  // the same event comes again
  const size_t cells_before = cell_bytes_, arena_before = batch.arena.used();
  const char* at = event.rows.data() + rows_done_;
  const char* end = event.rows.data() + event.rows.size();
  const Invalid invalid_before = invalid_;
  do {
    const char* begin = at;
    // Where it stays: a copy from the stack would wait for the stores of its small parts.
    Change& change = batch.changes.emplace_back();
    change.op = event.op;
    change.index = tx_.changes;
    change.transaction = transaction_;
    change.event = event_;
    change.table = table;
    if (before) at = plan.decode(*before, at, end, batch.arena, change.before, invalid_);
    if (at && event.partial && after)
      at = plan.decode_partial(*after, at, end, batch.arena, change.before, change.after, invalid_);
    else if (at && after)
      at = plan.decode(*after, at, end, batch.arena, change.after, invalid_);
    // Images of no bytes would never come to an end.
    if (!at || (at == begin && !event.rows.empty())) {
      batch.changes.pop_back();
      return fatal("a row of {}.{} makes no sense {} bytes into the event's rows", table->database,
                   table->name, begin - event.rows.data());
    }
    if (passed_over()) batch.changes.pop_back();
    ++tx_.changes;
    cell_bytes_ = cells_before + batch.arena.used() - arena_before;
    if (invalid_ != invalid_before) warn_of_invalid(*table, invalid_before);
    if (at < end && is_crowded(batch)) {
      rows_done_ = static_cast<size_t>(at - event.rows.data());
      return false;
    }
  } while (at < end);
  rows_done_ = 0;
  return true;
}

// Once a table version.
void Decoder::Impl::warn_of_invalid(const Table& table, const Invalid& before) {
  auto warn = [&](std::unordered_set<uint64_t>& warned, std::string_view what) {
    if (warned.size() >= kMostWarnings || !warned.insert(table.serial).second) return;
    log::warning("{}: {}", where(), fmt::format(fmt::runtime(what), full_name(table)));
  };
  if (invalid_.text_bytes != before.text_bytes) {
    warn(warned_of_text_,
         "text of {} has bytes that its column's character set does not know; they are shown as \\udcXX, XX "
         "being the byte");
  }
  if (invalid_.labels != before.labels) {
    warn(warned_of_labels_,
         "an ENUM or SET of {} holds a number that has no label there; 0 is shown as empty text, others as "
         "they are");
  }
}

Decoder::Decoder(Catalogue& catalogue, const Selection& selection, SchemaOracle* oracle,
                 DecoderOptions options)
    : impl_(std::make_unique<Impl>(catalogue, selection, oracle, std::move(options))) {}
Decoder::~Decoder() = default;
void Decoder::settle(const Position& saved) { impl_->settle(saved); }
void Decoder::start(const Position& position) { impl_->start(position); }
void Decoder::set_file(std::string_view name) { impl_->set_file(name); }
void Decoder::set_server_uuid(std::string uuid) { impl_->server_uuid_ = std::move(uuid); }
bool Decoder::needs_arena(std::string_view event) {
  return event.size() < kHeaderBytes || read_header(event).type != EventType::TransactionPayload;
}
void Decoder::set_explicit_timestamp(bool on) { impl_->server_.explicit_timestamp = on; }
Result<bool> Decoder::take(std::string_view event, Batch& batch, const FilePart* stored) {
  return impl_->take(event, batch, stored);
}
void Decoder::finish(Batch& batch, bool end) { impl_->finish(batch, end); }
void Decoder::confirm(const Position& position) { impl_->confirm(position); }
bool Decoder::in_transaction() const { return impl_->tx_.open; }
bool Decoder::met_damage() const { return impl_->damaged_; }
const Position& Decoder::position() const { return impl_->position_; }
uint32_t Decoder::timestamp() const { return impl_->timestamp_; }
uint64_t Decoder::skipped_events() const { return impl_->skipped_events_; }
uint64_t Decoder::invalid_bytes() const { return impl_->invalid_.text_bytes; }
uint64_t Decoder::invalid_labels() const { return impl_->invalid_.labels; }
Result<void> Decoder::load_aside(bool fold) { return impl_->aside().load(fold); }
bool Decoder::releases() const { return impl_->releases(); }
Result<bool> Decoder::release(Batch& batch) { return impl_->release(batch); }
std::vector<AsideTable> Decoder::aside() const { return impl_->aside().tables(); }
uint64_t Decoder::aside_bytes() const { return impl_->aside().bytes(); }
uint64_t Decoder::ddl_not_understood() const { return impl_->ddl_not_understood_; }

}  // namespace sluice::mysql
