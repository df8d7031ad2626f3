#include "source/mysql/mysql_source.h"

#include <mutex>
#include <optional>

#include "base/check.h"
#include "base/log.h"
#include "source/mysql/dump.h"
#include "source/mysql/interrupt.h"
#include "source/mysql/later_changes.h"
#include "source/mysql/log_place.h"
#include "source/mysql/schema_reader.h"
#include "source/mysql/server.h"

namespace sluice {
namespace {

using namespace mysql;

constexpr std::chrono::milliseconds kPatience{1000};  // the longest read() without a change
constexpr int kSchemaTries = 5;

// Asks the server about a table through connections of its own: the one that reads the log is busy. The
// server's word of now counts only where the log behind the place in question says nothing of the table.
class ServerOracle : public SchemaOracle {
 public:
  ServerOracle(const ConnectionOptions& options, const Interrupt& interrupt)
      : options_(options), interrupt_(interrupt) {}

  // After the last whole transaction; outlives this.
  void follow(const Position& place) { place_ = &place; }
  void forget() { later_ = LaterChanges(); }

  Result<TablePtr> learn(std::string_view database, std::string_view table, std::string& why) override {
    CHECK(place_ != nullptr);
    Connection connection(options_, interrupt_);
    SLUICE_TRY(connection.connect());
    SLUICE_ASSIGN(server, read_server(connection));
    SLUICE_ASSIGN(found, read_table(connection, server, database, table));
    if (!found) {
      why = "the server no longer has the table, or this account may not see it";
      return found;
    }
    SLUICE_TRY(later_.read(*place_, options_, server, interrupt_));
    auto moved_on = later_.after(*place_, database, table);
    if (!moved_on) return found;
    why = fmt::format("the server has moved on, the table was changed again up to {}", *moved_on);
    return TablePtr();
  }

 private:
  const ConnectionOptions& options_;
  const Interrupt& interrupt_;
  const Position* place_ = nullptr;
  LaterChanges later_;
};

class Impl : public MysqlSource {
 public:
  Impl(MysqlSourceSetup setup, Catalogue& catalogue, const Selection& selection)
      : setup_(std::move(setup)),
        catalogue_(catalogue),
        oracle_(setup_.connection, interrupt_),
        decoder_(catalogue, selection, &oracle_, setup_.decoder) {
    oracle_.follow(decoder_.position());
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
  Result<Position> begin_with_schema(LogPlace& place);
  Result<void> fill_as_of(const Position& position, Schema schema);
  Result<void> choose_server_id();
  Result<bool> is_taken(uint32_t id);
  Result<More> fill(Batch& batch);
  Result<bool> take(Batch& batch);
  void note(const Batch& batch, bool idle);
  void note_disconnected(const Error& error);

  MysqlSourceSetup setup_;
  Catalogue& catalogue_;
  Interrupt interrupt_;
  ServerOracle oracle_;
  Decoder decoder_;
  const std::string replica_uuid_ = random_uuid();
  uint32_t server_id_ = 0;  // under which we read

  bool begun_ = false;     // the decoder knows where it stands
  bool announce_ = false;  // the next batch holds the start position alone
  bool by_gtid_ = false;
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
  oracle_.forget();
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
                            .statements = setup_.decoder.query});
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
    by_gtid_ = server_->gtids && !position.gtids.empty();
    if (catalogue_.size() == 0) {
      SLUICE_ASSIGN(schema, read_schema(*connection_, *server_));
      SLUICE_TRY(fill_as_of(position, std::move(schema)));
    }
  } else {
    SLUICE_ASSIGN(found, begin_with_schema(place));
    position = std::move(found);
    // What precedes a place in this server's own files is known by that place; GTIDs are for later.
    by_gtid_ = setup_.start.kind == StartPoint::Kind::Gtids;
    announce_ = true;
  }
  if (!begun_) decoder_.settle(from);
  decoder_.set_server_uuid(server_->uuid);
  decoder_.set_explicit_timestamp(server_->on("explicit_defaults_for_timestamp"));
  decoder_.start(position);
  begun_ = true;
  return position;
}

// No schema change may fall unseen between the reading of the tables and the position. That holds for a
// position before and after which the tables read the same, and for one that is the same before and after the
// reading.
Result<Position> Impl::begin_with_schema(LogPlace& place) {
  SLUICE_ASSIGN(position, place.find(setup_.start));
  if (catalogue_.size() > 0) return position;
  std::optional<Schema> before;
  for (int tries = 0; tries < kSchemaTries; ++tries) {
    SLUICE_ASSIGN(schema, read_schema(*connection_, *server_));
    // Only a start at the present place can agree with the present tables.
    bool agrees = setup_.start.kind != StartPoint::Kind::Now || (before && *before == schema);
    if (!agrees) {
      SLUICE_ASSIGN(after, place.find(setup_.start));
      agrees = after == position;
      position = std::move(after);
    }
    if (agrees) {
      // The present tables are those of the present place.
      if (setup_.start.kind != StartPoint::Kind::Now) {
        SLUICE_TRY(fill_as_of(position, std::move(schema)));
      } else {
        mysql::fill(catalogue_, std::move(schema));
      }
      return position;
    }
    before = std::move(schema);
  }
  return retryable("cannot read the tables of the server ({}): they were changed {} times meanwhile",
                   connection_->address(), kSchemaTries);
}

// What the log behind the position changes is not what it was there.
Result<void> Impl::fill_as_of(const Position& position, Schema schema) {
  LaterChanges later;
  SLUICE_TRY(later.read(position, setup_.connection, *server_, interrupt_));
  size_t before = schema.tables.size();
  std::erase_if(schema.tables, [&](const Table& table) {
    auto changed = later.after(position, table.database, table.name);
    if (changed) log::debug("{}: changed up to {}", full_name(table), *changed);
    return changed.has_value();
  });
  if (schema.tables.size() < before) {
    log::info("{} of {} tables were changed since {}: their columns of that time are not known yet",
              before - schema.tables.size(), before, describe(position));
  }
  catalogue_.stand_at(std::make_shared<const Position>(position));
  mysql::fill(catalogue_, std::move(schema));
  return {};
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
  Result<More> more = fill(batch);
  if (!more) {
    note_disconnected(more.error());
    // What the decoder has taken must not get lost with the failure.
    if (batch.log_bytes == 0 && batch.changes.empty()) return more;
    pending_ = std::move(more).error();
    more = More::Yes;
  }
  decoder_.finish(batch, *more == More::End);
  return more;
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
        if (!batch.changes.empty() || Dump::Clock::now() >= give_up) break;
        continue;
      }
      holds_event_ = true;
    }
    SLUICE_ASSIGN(taken, take(batch));
    if (!taken) break;
  }
  note(batch, idle);
  return More::Yes;
}

Result<bool> Impl::take(Batch& batch) {
  size_t size = dump_->event().size(), changes = batch.changes.size();
  bool copies = Decoder::needs_arena(dump_->event());
  std::string_view event = copies ? batch.arena.copy(dump_->event()) : dump_->event();
  SLUICE_ASSIGN(taken, decoder_.take(event, batch));
  if (!taken) return false;
  holds_event_ = false;
  // Events of which nothing is kept must not fill the batch's memory.
  if (copies && batch.changes.size() == changes) batch.arena.trim(const_cast<char*>(event.data()), size, 0);
  if (dump_->wants_ack()) SLUICE_TRY(dump_->acknowledge(decoder_.position().file));
  return true;
}

void Impl::note(const Batch& batch, bool idle) {
  std::lock_guard lock(mutex_);
  status_.position = decoder_.position();
  status_.timestamp = decoder_.timestamp();
  status_.idle = idle;
  status_.invalid_bytes = decoder_.invalid_bytes();
  status_.ddl_not_understood = decoder_.ddl_not_understood();
  status_.skipped_events = decoder_.skipped_events();
  status_.bytes += batch.log_bytes;
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
