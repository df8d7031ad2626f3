#include "source/mysql/mysql_source.h"

#include <mutex>
#include <optional>

#include "base/check.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "source/mysql/dump.h"
#include "source/mysql/log_place.h"
#include "source/mysql/schema_reader.h"
#include "source/mysql/server.h"
#include "source/mysql/server_schema.h"

namespace sluice {
namespace {

using namespace mysql;

constexpr std::chrono::milliseconds kPatience{1000};  // the longest read() without a change
constexpr int kSchemaTries = 5;
// So often an event may come damaged, before it is the server's file that is taken to be.
constexpr int kDamages = 10;
constexpr std::chrono::milliseconds kSaving{10};  // between two looks at what the lanes have saved

class Impl : public MysqlSource {
 public:
  Impl(MysqlSourceSetup setup, Catalogue& catalogue, const Selection& selection)
      : setup_(std::move(setup)),
        catalogue_(catalogue),
        schema_(setup_.connection, interrupt_, catalogue),
        decoder_(catalogue, selection, &schema_, setup_.decoder) {
    schema_.follow(decoder_.position());
    status_.server = mysql::address(setup_.connection);
  }

  Result<void> open(const Position& from) override;
  Result<More> read(Batch& batch) override;
  void confirm(const Position& position) override { decoder_.confirm(position); }
  void interrupt() noexcept override { interrupt_.raise(); }
  MysqlSourceStatus status() const override;

 private:
  Result<void> connect_and_dump(const Position& from);
  Result<Position> begin(const Position& from);
  Result<Position> begin_now(LogPlace& place);
  Result<void> owe_schema();
  Result<void> choose_server_id();
  Result<bool> is_taken(uint32_t id);
  Result<More> fill(Batch& batch);
  Result<More> release(Batch& batch);
  Result<bool> take(Batch& batch);
  Failure damage(Error error);
  void note(const Batch& batch, bool idle);
  void note_disconnected(const Error& error);

  MysqlSourceSetup setup_;
  Catalogue& catalogue_;
  Interrupt interrupt_;
  ServerSchema schema_;
  Decoder decoder_;
  const std::string replica_uuid_ = random_uuid();
  uint32_t server_id_ = 0;  // under which we read

  bool begun_ = false;     // the decoder knows where it stands
  bool announce_ = false;  // the next batch holds the start position alone
  bool by_gtid_ = false;
  std::string damaged_at_;  // the place behind which an event came damaged last, and how often so far
  int damages_ = 0;
  bool holds_event_ = false;  // the dump's event found no room in the batch before
  std::optional<Error> pending_;
  std::optional<Connection> connection_;
  std::optional<Server> server_;
  std::optional<Dump> dump_;

  mutable std::mutex mutex_;
  MysqlSourceStatus status_;
};

Result<void> Impl::open(const Position& from) {
  dump_.reset();
  connection_.reset();
  holds_event_ = false;
  pending_.reset();
  schema_.forget();
  Result<void> opened = connect_and_dump(from);
  if (!opened) note_disconnected(opened.error());
  return opened;
}

Result<void> Impl::connect_and_dump(const Position& from) {
  connection_.emplace(setup_.connection, interrupt_);
  SLUICE_TRY(connection_->connect());
  SLUICE_ASSIGN(server, read_server(*connection_));
  server_ = std::move(server);
  SLUICE_TRY(require_row_log(*server_, connection_->address()));
  std::string_view folding = server_->variable("lower_case_table_names");
  catalogue_.fold_case(folding == "1" || folding == "2");
  SLUICE_ASSIGN(position, begin(begun_ ? decoder_.position() : from));
  SLUICE_TRY(choose_server_id());
  dump_.emplace(*connection_, *server_,
                DumpOptions{.server_id = server_id_,
                            .replica_uuid = replica_uuid_,
                            .heartbeat = setup_.heartbeat,
                            .semi_sync = setup_.semi_sync,
                            .until_now = setup_.until_now,
                            .statements = setup_.decoder.query,
                            .payloads = true,
                            .scratch_folder = setup_.decoder.spool_folder});
  SLUICE_TRY(dump_->start(position, by_gtid_));
  log::info("reading {} ({}) from {}", connection_->address(), server_->product(), describe(position));
  std::lock_guard lock(mutex_);
  status_.connected = true;
  status_.reason.clear();
  status_.version = server_->product();
  status_.position = position;
  ++status_.connections;
  return {};
}

// The decoder is told at once: should the connection be lost before the first event, the next open() goes on
// here and does not begin anew.
Result<Position> Impl::begin(const Position& from) {
  LogPlace place(*connection_, *server_, setup_.connection, interrupt_);
  Position position;
  if (from.known()) {
    SLUICE_ASSIGN(found, place.resume(from));
    position = std::move(found);
    by_gtid_ = server_->gtids && !position.gtids.empty() && (server_->mariadb() || position.file.empty());
  } else {
    bool now = setup_.start.kind == StartPoint::Kind::Now && catalogue_.size() == 0;
    SLUICE_ASSIGN(found, now ? begin_now(place) : place.find(setup_.start));
    position = std::move(found);
    // What precedes a place in this server's own files is known by that place; GTIDs are for later.
    by_gtid_ = setup_.start.kind == StartPoint::Kind::Gtids;
    announce_ = true;
  }
  if (!begun_) {
    decoder_.settle(from);
    std::string_view folding = server_->variable("lower_case_table_names");
    SLUICE_TRY(decoder_.load_aside(folding == "1" || folding == "2"));
  }
  decoder_.set_server_uuid(server_->uuid);
  decoder_.set_explicit_timestamp(server_->on("explicit_defaults_for_timestamp"));
  decoder_.start(position);
  begun_ = true;
  if (catalogue_.size() == 0) SLUICE_TRY(owe_schema());
  return position;
}

// The tables of now are those of the present place if no schema change falls unseen between the reading of
// the tables and of the position. That holds for a position before and after which the tables read the same,
// and for one that is the same before and after the reading.
Result<Position> Impl::begin_now(LogPlace& place) {
  SLUICE_ASSIGN(position, place.find(setup_.start));
  std::optional<Schema> before;
  for (int tries = 0; tries < kSchemaTries; ++tries) {
    SLUICE_ASSIGN(schema, read_schema(*connection_, *server_));
    bool agrees = before && *before == schema;
    if (!agrees) {
      SLUICE_ASSIGN(after, place.find(setup_.start));
      agrees = after == position;
      position = std::move(after);
    }
    if (agrees) {
      mysql::fill(catalogue_, std::move(schema));
      // So that a time tells whether it lies before the first tables that are known.
      position.timestamp = server_->present_second();
      return position;
    }
    before = std::move(schema);
  }
  return retryable("cannot read the tables of the server ({}): they were changed {} times meanwhile",
                   connection_->address(), kSchemaTries);
}

// At an old place. A server that writes the columns' names into its log has hardly been asked before all is
// read; where an older part of its log lacks them, the decoder asks. Any other is asked at once: the longer
// that waits, the more tables have been changed meanwhile.
Result<void> Impl::owe_schema() {
  SLUICE_ASSIGN(charsets, read_default_charsets(*connection_, *server_));
  catalogue_.stand_at(std::make_shared<const Position>(decoder_.position()));
  mysql::fill(catalogue_, {.default_charsets = std::move(charsets)});
  schema_.owe();
  if (server_->variable("binlog_row_metadata") == "FULL") return {};
  return schema_.complete();
}

Result<bool> Impl::is_taken(uint32_t id) {
  if (id == server_->id) return true;
  SLUICE_ASSIGN(others, replicas(*connection_, *server_));
  if (!others) {
    log::debug("{}: may not ask which server_ids other replicas use; {} is taken to be free",
               connection_->address(), id);
    return false;
  }
  for (const Replica& other : *others) {
    if (other.server_id == id && other.uuid != replica_uuid_) return true;
  }
  return false;
}

// Two replicas of MariaDB with one id throw each other out (MySQL goes by their UUIDs). After a lost
// connection the server may still list the one that we had: then a random id is drawn anew, and one that was
// configured is known to be ours.
Result<void> Impl::choose_server_id() {
  if (setup_.server_id == 0) {
    for (;;) {
      server_id_ = random_server_id();
      SLUICE_ASSIGN(taken, is_taken(server_id_));
      if (!taken) return {};
    }
  }
  if (server_id_ == setup_.server_id) return {};
  if (setup_.server_id == server_->id) {
    return usage(
        "cannot read the binary log ({}): the server_id {} belongs to the server itself; choose another "
        "one, or 0 for a random one",
        connection_->address(), setup_.server_id);
  }
  // A reader of ours that was killed is listed until the server's next heartbeat to it fails.
  auto give_up = Dump::Clock::now() + 2 * setup_.heartbeat;
  for (;;) {
    SLUICE_ASSIGN(taken, is_taken(setup_.server_id));
    if (!taken) break;
    if (Dump::Clock::now() > give_up) {
      return retryable(
          "cannot read the binary log ({}): the server_id {} belongs to another replica (SHOW "
          "REPLICAS); choose another one, or 0 for a random one",
          connection_->address(), setup_.server_id);
    }
    SLUICE_TRY(connection_->wait(std::min(setup_.heartbeat, std::chrono::milliseconds(200))));
  }
  server_id_ = setup_.server_id;
  return {};
}

Result<Source::More> Impl::read(Batch& batch) {
  if (pending_) {
    Error error = std::move(*pending_);
    pending_.reset();
    return Failure(std::move(error));
  }
  if (interrupt_.raised()) return stopped();
  CHECK(dump_.has_value());
  if (announce_) {
    announce_ = false;
    decoder_.finish(batch);
    return More::Yes;
  }
  const uint64_t offset = decoder_.position().offset;
  Result<More> more = decoder_.releases() ? release(batch) : fill(batch);
  if (!more) {
    note_disconnected(more.error());
    // What the decoder has taken must not get lost with the failure; what a server tells of its file before
    // it refuses what stands there is no progress.
    if (batch.changes.empty() && decoder_.position().offset == offset) return more;
    pending_ = std::move(more).error();
    more = More::Yes;
  }
  decoder_.finish(batch, *more == More::End);
  return more;
}

// What was set aside and can come out by now, before anything else is read.
Result<Source::More> Impl::release(Batch& batch) {
  SLUICE_ASSIGN(saved, decoder_.release(batch));
  if (!saved) SLUICE_TRY(connection_->wait(kSaving));
  note(batch, false);
  return More::Yes;
}

Result<Source::More> Impl::fill(Batch& batch) {
  auto give_up = Dump::Clock::now() + kPatience;
  bool idle = false;
  for (uint32_t events = 1;; ++events) {
    if (!holds_event_) {
      // An early hand-over does no harm, a late one keeps changes from people.
      if (!batch.changes.empty() && !decoder_.in_transaction()) {
        SLUICE_ASSIGN(ready, dump_->ready());
        idle = !ready;
        if (idle) break;
      }
      // A flood of events that nobody wants: the clock is not asked at each of them.
      if (events % 64 == 0 && Dump::Clock::now() >= give_up) break;
      SLUICE_ASSIGN(got, dump_->next(give_up));
      if (got == Dump::Got::End) return More::End;
      idle = got == Dump::Got::Nothing;
      if (idle) {
        // Nobody waits for a row now, and the log behind this place is short.
        if (batch.changes.empty() && !decoder_.in_transaction()) SLUICE_TRY(schema_.complete());
        if (!batch.changes.empty() || Dump::Clock::now() >= give_up) break;
        continue;
      }
      holds_event_ = true;
    }
    SLUICE_ASSIGN(taken, take(batch));
    if (!taken || decoder_.releases()) break;
  }
  note(batch, idle);
  return More::Yes;
}

Result<bool> Impl::take(Batch& batch) {
  size_t size = dump_->event().size(), changes = batch.changes.size();
  bool copies = Decoder::needs_arena(dump_->event());
  std::string_view event = copies ? batch.arena.copy(dump_->event()) : dump_->event();
  auto taken = decoder_.take(event, batch, dump_->stored());
  if (!taken && decoder_.met_damage()) return damage(std::move(taken).error());
  if (!taken) return taken;
  if (!*taken) return false;
  holds_event_ = false;
  // Events of which nothing is kept must not fill the batch's memory.
  if (copies && batch.changes.size() == changes) batch.arena.trim(const_cast<char*>(event.data()), size, 0);
  if (dump_->wants_ack()) SLUICE_TRY(dump_->acknowledge(decoder_.position().file));
  return true;
}

// What the network did to it is gone at the next reading.
Failure Impl::damage(Error error) {
  std::string place = describe(decoder_.position());
  damages_ = place == damaged_at_ ? damages_ + 1 : 1;
  damaged_at_ = std::move(place);
  if (damages_ < kDamages) return retryable("{}; it is read again", error.what);
  return fatal(
      "{}, {} times one after the other; look for it with mysqlbinlog --verify-binlog-checksum on the server",
      error.what, damages_);
}

void Impl::note(const Batch& batch, bool idle) {
  std::lock_guard lock(mutex_);
  status_.position = decoder_.position();
  status_.timestamp = decoder_.timestamp();
  status_.idle = idle;
  status_.invalid_bytes = decoder_.invalid_bytes();
  status_.invalid_labels = decoder_.invalid_labels();
  status_.ddl_not_understood = decoder_.ddl_not_understood();
  status_.skipped_events = decoder_.skipped_events();
  status_.bytes += batch.log_bytes;
  status_.aside_bytes = decoder_.aside_bytes();
  if (status_.aside_bytes > 0 || !status_.aside.empty()) status_.aside = decoder_.aside();
}

void Impl::note_disconnected(const Error& error) {
  std::lock_guard lock(mutex_);
  status_.connected = false;
  status_.idle = false;
  status_.reason = error.what;
}

MysqlSourceStatus Impl::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace

std::unique_ptr<MysqlSource> make_mysql_source(MysqlSourceSetup setup, Catalogue& catalogue,
                                               const Selection& selection) {
  return std::make_unique<Impl>(std::move(setup), catalogue, selection);
}

}  // namespace sluice
