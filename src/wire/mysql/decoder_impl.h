// The decoder's inside, for the decoder's own files alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "wire/mysql/aside_record.h"
#include "wire/mysql/ddl.h"
#include "wire/mysql/decoder.h"
#include "wire/mysql/event.h"
#include "wire/mysql/gtid_event.h"
#include "wire/mysql/payload.h"
#include "wire/mysql/prepared.h"
#include "wire/mysql/query_event.h"
#include "wire/mysql/rows.h"
#include "wire/mysql/set_aside.h"
#include "wire/mysql/table_uses.h"
#include "wire/mysql/withheld.h"

namespace sluice::mysql {

// A batch of tiny rows is full by their number before it is by its bytes: a change takes about 100 bytes of
// memory.
constexpr size_t kMostChanges = 16'384;
// Cells take more memory than the log does: columns that are null, one bit each, or not in the image at all,
// none. A batch is full, in the middle of an event if need be, once its cells take so many times batch_bytes.
constexpr size_t kCellBytesFactor = 16;

// Of memory: so much of a transaction is kept back from its first savepoint on, because it may still be
// rolled back to it.
constexpr size_t kMostKeptBytes = 16 << 20;

enum class Checksum : uint8_t { Unknown, None, Crc32 };

struct Savepoint {
  std::string name;      // as the statement spells it, in lower case
  uint32_t changes = 0;  // of the transaction before it
};

struct OpenTransaction {
  bool open = false;
  bool block = false;  // ends with XID or COMMIT, not with its first statement
  bool has_gtid = false;
  GtidEvent gtid;
  std::string id, gtid_text;
  std::string xa;  // its XID where it is an XA transaction
  uint64_t begin = 0;
  uint64_t xid = 0;
  uint32_t changes = 0;  // so far
  std::vector<Savepoint> savepoints;
};

// Of an event's type: it stands between what begins a transaction and what ends it.
bool belongs_between_bounds(EventType type);

class Decoder::Impl {
 public:
  Impl(Catalogue& catalogue, const Selection& selection, SchemaOracle* oracle, DecoderOptions options)
      : catalogue_(catalogue),
        selection_(selection),
        options_(std::move(options)),
        aside_(options_.aside, options_.aside_bytes, options_.seal),
        uses_(catalogue, selection, oracle, position_, options_.helper_tables,
              oracle ? TableUses::Unknown::Ask : TableUses::Unknown::Number, &aside_, options_.reads_for),
        late_uses_(aside_.told(), selection, nullptr, position_, options_.helper_tables,
                   TableUses::Unknown::Leave, nullptr),
        prepared_(options_.spool_folder, options_.seal),
        withheld_(options_.spool_folder) {}

  void start(const Position& position);
  Result<bool> take(std::string_view event, Batch& batch, const FilePart* stored);
  void finish(Batch& batch, bool end);

  Position position_;  // after the last whole transaction
  std::string server_uuid_;
  uint32_t timestamp_ = 0;
  OpenTransaction tx_;
  void settle(const Position& saved) { prepared_.settle(saved); }
  void confirm(const Position& position) { prepared_.confirm(position); }
  SetAside& aside() { return aside_; }
  bool releases() const { return !tx_.open && (aside_.passing() || aside_.due()); }
  Result<bool> release(Batch& batch);
  DdlContext server_;  // what the format description tells of the server, and explicit_timestamp

  void set_file(std::string_view name) {
    if (position_.file != name) position_.offset = 0;
    file_ = position_.file = name;
    at_ = position_.offset;
    uses_.clear();
    file_copy_ = {};
  }

  Invalid invalid_;
  uint64_t skipped_events_ = 0;
  bool damaged_ = false;  // the event in hand
  uint64_t ddl_not_understood_ = 0;

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};

  Result<bool> dispatch(const EventHeader& header, std::string_view event, std::string_view body,
                        Batch& batch);
  Result<bool> skip(const EventHeader& header, std::string_view why);
  Result<bool> unknown(const EventHeader& header);
  Result<bool> without_rows(const EventHeader& header);
  Result<void> begin_prepared(std::string xid);
  Result<bool> set_aside(const EventHeader& header, std::string_view event, std::string_view body);
  Result<bool> xa_prepare(const EventHeader& header, std::string_view body, Batch& batch);
  Result<bool> xa_commit(const EventHeader& commit, const std::string& xid, Batch& batch);
  Result<bool> replay(EventReplay& kept, uint32_t timestamp, Batch& batch);
  bool withholds(const EventHeader& header) const;
  Result<void> withhold(std::string_view event, std::string_view body);
  Result<bool> tell_withheld(Batch& batch);
  Result<void> open_stored(const EventHeader& header, const FilePart& event);
  Result<void> verify_stored(const FilePart& event, uint64_t end);
  Result<bool> payload(std::string_view body, Batch& batch);
  Result<std::string_view> inflate(std::string_view record, Batch& batch);
  Result<std::string_view> unframe(const EventHeader& header, std::string_view event);
  Result<void> format_description(std::string_view event);
  Result<void> rotate(const EventHeader& header, std::string_view body);
  Result<void> gtid(const EventHeader& header, std::string_view body);
  Result<void> gtid_list(const EventHeader& header, std::string_view body);
  Result<bool> query(const EventHeader& header, std::string_view event, std::string_view body, Batch& batch);
  Result<bool> commit(Batch& batch);
  std::vector<TableName> tables_told(const DdlOutcome& outcome);
  Result<void> ddl(const EventHeader& header, std::string_view body, const QueryEvent& query, Batch& batch);
  void tell_ddl(const EventHeader& header, const QueryEvent& query, std::string_view sql,
                const DdlOutcome& outcome, Batch& batch);
  std::string quoted(std::string_view sql) const;  // a statement, for messages
  DdlContext context_of(const QueryEvent& query) const;
  bool is_told(const QueryEvent& query, const DdlOutcome& outcome);
  Result<bool> rows(const EventHeader& header, std::string_view body, Batch& batch);
  Result<bool> decode_rows(const RowsEvent& event, const TableUse& use, Batch& batch);
  void rows_query(std::string_view text);

  // decoder_aside.cpp
  struct Reading;
  AsideRecord aside_record(const EventHeader& header, std::string_view body) const;
  Result<void> set_rows_aside(const EventHeader& header, std::string_view body, const RowsEvent& event,
                              const TableUse& use);
  std::vector<TableName> named_beside_aside(const std::string& sql, const DdlContext& context,
                                            bool& concerns);
  Result<void> set_ddl_aside(const EventHeader& header, std::string_view body, std::vector<TableName> named,
                             std::string_view database, bool told);
  Reading leave_reading();
  void come_back(Reading reading);
  void stand_in(const AsideRecord& record);
  Result<void> release_some(Batch& batch);
  Result<void> release_rows(const AsideEvent& event, const AsideRecord& record, Batch& batch);
  Result<void> release_ddl(const AsideEvent& event, const AsideRecord& record, Batch& batch);
  void end_release();
  void warn_of_invalid(const Table& table, const Invalid& before);

  // What must be kept back would only be copied from batch to batch.
  bool keeps_back(const Batch& batch) const {
    return tx_.open && !tx_.savepoints.empty() && batch.arena.used() < kMostKeptBytes;
  }
  // Of a batch that begins with the next change, or not at all: whether this event is to come in another one.
  bool is_full(const EventHeader& header, const Batch& batch) const;
  // Asked for every row.
  bool is_crowded(const Batch& batch) const {
    return (batch.changes.size() >= kMostChanges || cell_bytes_ >= kCellBytesFactor * options_.batch_bytes) &&
           !keeps_back(batch) && !aside_.passing();
  }
  void advance(const EventHeader& header, size_t size);
  void begin_transaction(bool block);
  void end_transaction(Batch& batch);
  Result<void> roll_back(Batch& batch, std::string_view why);
  void set_savepoint(std::string_view sql);
  Result<void> roll_back_to(std::string_view sql, Batch& batch);
  uint32_t take_back(uint32_t from, Batch& batch);
  size_t kept_back(const Batch& batch) const;
  Result<void> abandon(Batch& batch);
  void open_batch(Batch& batch);
  uint32_t transaction_in(Batch& batch);
  void event_in(Batch& batch, const EventHeader& header);
  bool passed_over() const { return tx_.changes < handed_ && tx_.id == handed_id_; }
  std::string where() const { return fmt::format("{}:{}", file_, event_begin_); }
  // The event in hand is not what its server wrote. Of it nothing was taken yet.
  Failure damaged(std::string what);
  void touch_progress();
  void count_in(GtidSet& gtids) const;
  Position behind_ddl(const EventHeader& header) const;

  Catalogue& catalogue_;
  const Selection& selection_;
  DecoderOptions options_;
  SetAside aside_;
  TableUses uses_, late_uses_;  // of the log, and of what was set aside
  Checksum checksum_ = Checksum::Unknown;

  std::string file_;           // that is being read
  bool catching_up_ = false;   // events may still come from before position_
  uint64_t at_ = 0;            // offset behind the last event
  uint64_t event_begin_ = 0;   // of the event in hand
  bool beyond_gtids_ = false;  // something without a GTID was read since the last list of them
  bool file_start_ = false;

  Batch* batch_ = nullptr;        // the batch in hand; null between batches
  size_t cell_bytes_ = 0;         // that decoding its rows took of its arena
  size_t inflated_bytes_ = 0;     // of events that came out of compressed ones
  size_t rows_done_ = 0;          // bytes of the event in hand's rows that the batches before this one hold
  uint32_t event_first_ = 0;      // tx_.changes before the first row of the event in hand
  uint32_t transaction_ = kNone;  // indexes in that batch
  uint32_t event_ = kNone;
  std::string_view file_copy_;  // file_ in that batch's arena
  std::string_view query_copy_;
  std::string rows_query_;  // the statement behind the row events to come
  uint32_t thread_id_ = 0;

  PreparedTransactions prepared_;
  Withheld withheld_;        // of the open transaction, where whole ones are wanted
  Payload payload_;          // the compressed transaction in hand
  size_t payload_size_ = 0;  // of its event's body

  Batch held_;  // the last changes of a batch that ended inside a transaction

  // The open transaction that changes were handed over of, and how many. Survives a lost connection: when it
  // comes again, these are passed over.
  std::string handed_id_;
  uint32_t handed_ = 0;

  static constexpr size_t kMostWarnings = 1000;
  std::unordered_set<uint64_t> warned_of_text_, warned_of_labels_;  // table versions
};

}  // namespace sluice::mysql
