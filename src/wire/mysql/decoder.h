// Decoder: binlog events, one after the other, to batches of changes. It owns what the log's meaning depends
// on: checksum algorithm, table maps, the open transaction, the position. No socket, no file: both sources
// use it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_part.h"
#include "base/result.h"
#include "base/secret.h"
#include "model/aside.h"
#include "model/batch.h"
#include "model/catalogue.h"
#include "model/selection.h"

namespace sluice::mysql {

struct DecoderOptions {
  size_t batch_bytes = 256 * 1024;  // of the log; a batch is full once it holds so much. An event is split
                                    // only where its rows take many times as much memory as the log
  bool verify_checksums = true;
  bool ddl = true;    // schema changes are changes too
  bool live = false;  // the events come from a server, which has decrypted them
  // Policies; false: reading stops. With true, what cannot be shown is passed over, warned of and counted.
  bool skip_unknown = false;  // events of types that nobody knows here
  bool skip_lost = false;     // changes that the log itself says are missing
  // Where prepared XA transactions wait for their end, so that a restart does not lose them; empty: in a
  // temporary folder.
  std::string spool_folder;
  bool helper_tables = false;  // of gh-ost and pt-online-schema-change, though no pattern names them
  bool whole = false;          // nothing of a transaction comes out before its COMMIT was read
  // The last event of a batch that ends inside a transaction waits as a whole, not its last change alone: for
  // formats that show the changes of an event together.
  bool whole_events = false;
  bool query = false;  // carry the statement behind row changes, where the log has it
  // Where rows are set aside whose columns the oracle cannot tell; null: such a row is a fault. Outlives the
  // decoder.
  AsideStore* aside = nullptr;
  // The sink that alone is read for, where nothing can be set aside: such a row is waited in front of. Empty:
  // it is a fault.
  std::string reads_for;
  uint64_t aside_bytes = 0;  // so much, events and what belongs to them; 0: nothing from now on
  // Values are secret where it is not empty: what is prepared or set aside lies sealed under it, and no
  // message quotes a statement.
  Secret seal;
  // Asked before an ALTER of a table that is read: see AlterJudge (ddl.h). A fault ends reading in front of
  // it. Null: all are welcome. Any thread that reads.
  std::function<Result<void>(const Table& before, const Table& after, std::span<const uint32_t> origins)>
      judge_alter;
};

// Asked for what neither the log nor the catalogue tells of tables.
class SchemaOracle {
 public:
  virtual ~SchemaOracle() = default;
  // Puts every table that it knows into the catalogue as it was at this place of the log, unless it was asked
  // before. It is costly, so only where the catalogue lacks something.
  virtual Result<void> complete() = 0;
  // One that the catalogue lacks nevertheless, or that the log contradicts. Null: cannot tell, for the reason
  // that is then in `why`.
  virtual Result<TablePtr> learn(std::string_view database, std::string_view table, std::string& why) = 0;
};

class Decoder {
 public:
  // All referenced objects outlive the decoder. `oracle` may be null.
  Decoder(Catalogue& catalogue, const Selection& selection, SchemaOracle* oracle, DecoderOptions options);
  ~Decoder();

  // Before the first start(), where `spool_folder` outlives the process: removes what the checkpoint needs no
  // longer. `saved`: its position; not known, there is none.
  void settle(const Position& saved);
  // The next event follows `position` in the log (offset 4: a file's start). Goes on inside a transaction
  // that was cut off by a lost connection: changes of it that were already handed over are passed over when
  // they come again.
  void start(const Position& position);
  // A log file's name, where no ROTATE event tells it (files on disk).
  void set_file(std::string_view name);
  // Server UUID where known (live servers): part of the transaction id of logs without GTIDs.
  void set_server_uuid(std::string uuid);
  // The server's explicit_defaults_for_timestamp, where known: without it a new TIMESTAMP column is NOT NULL
  // unless it says otherwise.
  void set_explicit_timestamp(bool on);

  // Takes one whole event, header and checksum included; `event` must live in `batch.arena` (text cells point
  // into it). False: the batch is full: hand it over, then offer the same event again with the next one.
  // (Some of its rows may already be in the batch, and point into it: the event's bytes stay where they are.)
  // A compressed transaction alone may live elsewhere, as long as it is offered: nothing points into it. It
  // can be as large as many batches, which it is offered with one by one. One that is `stored` in a file is
  // its header here.
  Result<bool> take(std::string_view event, Batch& batch, const FilePart* stored = nullptr);
  static bool needs_arena(std::string_view event);
  // Whether the last take() failed because the event is not what its server wrote. A file stays so: Fatal.
  // From a live server it may come whole the next time: Retryable.
  bool met_damage() const;
  // To be called before a batch is handed over: sets its resume position and catalogue changes. In the middle
  // of a transaction its last change is kept back for the next batch, until it is known whether it is the
  // transaction's last; with `end`, because nothing will come any more, it is not.
  void finish(Batch& batch, bool end = false);

  // To be called once, before the first start(), where rows may have been set aside in lives before. `fold`:
  // names of tables are compared without regard to case.
  Result<void> load_aside(bool fold);
  // Whether what was set aside is to be tried, between two events: release() fills a batch with what can come
  // out by now, to be handed over as any other, and is called again until this says no. False: it must be
  // saved before that, with the batches that were handed over.
  bool releases() const;
  Result<bool> release(Batch& batch);
  std::vector<AsideTable> aside() const;
  uint64_t aside_bytes() const;

  // Everything up to here is safe at the targets. Any thread.
  void confirm(const Position& position);

  bool in_transaction() const;
  // After the last whole transaction.
  const Position& position() const;
  // Of the last event taken, seconds since 1970 UTC; 0: none yet. For --until and progress.
  uint32_t timestamp() const;
  // So many bytes of text, of all events so far, their columns' character sets do not know.
  uint64_t invalid_bytes() const;
  // So many ENUM and SET values have a number for which their column has no label, an ENUM's 0 among them.
  uint64_t invalid_labels() const;
  // Events passed over by the policies above or because their server marked them as ignorable.
  uint64_t skipped_events() const;
  // Schema changes that were not understood, so that their tables were learnt anew.
  uint64_t ddl_not_understood() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::mysql
