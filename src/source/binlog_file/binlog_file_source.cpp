#include "source/binlog_file/binlog_file_source.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "base/log.h"
#include "source/binlog_file/event_reader.h"
#include "source/binlog_file/log_files.h"
#include "wire/mysql/event.h"

namespace sluice {
namespace {

using binlog_file::EventReader;
using binlog_file::LogFile;

// A batch without changes is handed over after so many bytes of the log, so that positions and progress move.
constexpr uint64_t kQuietBytes = 16 << 20;

class BinlogFiles : public BinlogFileSource {
 public:
  BinlogFiles(BinlogFileSetup setup, Catalogue& catalogue, const Selection& selection)
      : setup_(std::move(setup)),
        decoder_(catalogue, selection, setup_.oracle, setup_.decoder),
        reader_(interrupted_) {}

  Result<void> open(const Position& from) override;
  Result<More> read(Batch& batch) override;
  void confirm(const Position& position) override { decoder_.confirm(position); }
  void interrupt() noexcept override { interrupted_.store(true, std::memory_order_relaxed); }
  BinlogFileProgress progress() const override;

 private:
  Result<size_t> find_start(const Position& start) const;
  Result<void> open_file(size_t index);
  Result<bool> next_file();
  Result<More> fill(Batch& batch);
  Result<void> begin_file();
  Failure no_event_at_start() const;
  Result<bool> before_start(std::string_view event);
  Result<bool> take(std::string_view event, Batch& batch);
  bool reached_end(std::string_view event) const;
  void pass_over(Batch& batch, size_t first);
  bool passes_over(const Transaction& transaction, const Event& event) const;

  BinlogFileSetup setup_;
  mysql::Decoder decoder_;
  EventReader reader_;
  std::atomic<bool> interrupted_{false};

  std::vector<LogFile> files_;
  size_t file_ = 0;
  bool begun_ = false;        // the first event of the path in hand was read
  std::string stream_name_;   // of the file in hand, as positions call it
  uint32_t streamed_ = 0;     // files of a stream that nothing named
  uint64_t skip_to_ = 0;      // events before this offset of the first file are not decoded; 0: none are
  bool gtids_alone_ = false;  // `start_.gtids` says where to begin
  Position start_;
  std::string decided_;  // the transaction that was last asked about
  bool passed_ = false;  // the answer

  std::optional<Error> pending_;  // to be said once the batch before it was handed over
  bool ended_ = false;
  std::atomic<uint64_t> total_{0};
  std::atomic<const LogFile*> current_{nullptr};
};

Result<size_t> BinlogFiles::find_start(const Position& start) const {
  if (start.file.empty()) return 0;
  for (size_t i = 0; i < files_.size(); ++i) {
    if (files_[i].name == start.file || files_[i].is_stdin()) return i;
  }
  return usage("the log file {}, where reading is to begin, is not among those given ({} … {})", start.file,
               files_.front().path, files_.back().path);
}

Result<void> BinlogFiles::open(const Position& from) {
  SLUICE_ASSIGN(files, binlog_file::find_log_files(setup_.paths));
  start_ = from.known() ? from : setup_.from;
  current_ = nullptr;
  files_ = std::move(files);
  SLUICE_ASSIGN(first, find_start(start_));
  gtids_alone_ = start_.file.empty() && !start_.gtids.empty();
  skip_to_ = start_.file.empty() || start_.offset <= binlog_file::kMagic.size() ? 0 : start_.offset;
  if (files_[first].regular && skip_to_ > files_[first].size) {
    return usage("{} has {} bytes; reading cannot begin at byte {}", files_[first].path, files_[first].size,
                 skip_to_);
  }
  uint64_t total = 0;
  bool known = true;
  for (size_t i = first; i < files_.size(); ++i) {
    total += files_[i].size;
    known = known && files_[i].regular;
  }
  total_ = known ? total - std::min(total, skip_to_) : 0;
  ended_ = false;
  pending_.reset();
  SLUICE_TRY(open_file(first));
  Position begin = start_.file.empty() ? Position() : start_;
  begin.file = files_[first].name;
  begin.offset = std::max<uint64_t>(skip_to_, binlog_file::kMagic.size());
  decoder_.start(begin);
  return {};
}

Result<void> BinlogFiles::open_file(size_t index) {
  file_ = index;
  begun_ = false;
  stream_name_ = files_[index].name;
  current_ = &files_[index];
  return reader_.open(files_[index]);
}

// False: there is none.
Result<bool> BinlogFiles::next_file() {
  if (decoder_.in_transaction()) {
    return fatal("{} ends at byte {} inside a transaction{}. Copy it again from its server",
                 files_[file_].path, reader_.offset(),
                 file_ + 1 < files_.size() ? ", which the next file does not go on with" : "");
  }
  if (file_ + 1 == files_.size()) return false;
  const std::string& announced = decoder_.position().file;
  const LogFile& next = files_[file_ + 1];
  if (announced != files_[file_].name && announced != next.name) {
    log::warning(
        "the log goes on in {} behind {}, but the next file given is {}: changes between them are missing",
        announced, files_[file_].path, next.path);
  }
  skip_to_ = 0;
  SLUICE_TRY(open_file(file_ + 1));
  decoder_.set_file(next.name);
  return true;
}

Result<Source::More> BinlogFiles::read(Batch& batch) {
  if (pending_) return Failure(*std::exchange(pending_, std::nullopt));
  if (ended_) return More::End;
  auto more = fill(batch);
  bool last = more.has_value() && *more == More::End;
  reader_.leave_arena();
  if (!more && more.error().fault == Fault::Stopped) return more;
  bool over = last || !more;
  decoder_.finish(batch, over);
  ended_ = over;
  if (more || batch.empty()) return more;
  pending_ = more.error();
  return More::Yes;
}

Result<Source::More> BinlogFiles::fill(Batch& batch) {
  for (;;) {
    if (interrupted_.load(std::memory_order_relaxed)) return stopped();
    std::string_view event;
    auto state = reader_.next(batch.arena, batch.empty(), event);
    if (!state) return skip_to_ > 0 && begun_ ? no_event_at_start() : Failure(state.error());
    if (*state == EventReader::State::Waiting) return More::Yes;
    if (*state == EventReader::State::End) {
      SLUICE_ASSIGN(more, next_file());
      if (!more) return More::End;
      continue;
    }
    bool first = *state == EventReader::State::FirstEvent;
    if (skip_to_ > 0 && !first) {
      SLUICE_ASSIGN(skips, before_start(event));
      if (skips) continue;
    }
    if (first) SLUICE_TRY(begin_file());
    if (reached_end(event)) return More::End;
    SLUICE_ASSIGN(taken, take(event, batch));
    if (!taken) {
      reader_.put_back();
      return More::Yes;
    }
    if (first && skip_to_ > 0 && files_[file_].regular) reader_.seek(skip_to_);
    if (batch.empty() && batch.log_bytes > kQuietBytes) return More::Yes;
  }
}

// A stream may hold several files; the first one of each path is known already.
Result<void> BinlogFiles::begin_file() {
  if (!std::exchange(begun_, true)) return {};
  if (decoder_.in_transaction()) return fatal("a file of the stream ends inside a transaction");
  const std::string& announced = decoder_.position().file;
  decoder_.set_file(announced != stream_name_ ? announced
                                              : fmt::format("{}{}", files_[file_].name, ++streamed_));
  stream_name_ = decoder_.position().file;
  return {};
}

Failure BinlogFiles::no_event_at_start() const {
  return usage("no event begins at byte {} of {}; mysqlbinlog shows where transactions begin (# at …)",
               skip_to_, files_[file_].path);
}

// True: the event lies before the place where reading is to begin.
Result<bool> BinlogFiles::before_start(std::string_view event) {
  uint64_t offset = reader_.begin();
  if (offset < skip_to_) return true;
  mysql::EventHeader header = mysql::read_header(event);
  bool fits = header.end == 0 || header.end == static_cast<uint32_t>(reader_.offset());
  if (offset != skip_to_ || !fits) return no_event_at_start();
  skip_to_ = 0;
  return false;
}

Result<bool> BinlogFiles::take(std::string_view event, Batch& batch) {
  size_t before = batch.changes.size();
  auto taken = decoder_.take(event, batch, reader_.stored());
  if (!taken) {
    // What the broken event itself gave is not to be trusted.
    batch.changes.resize(std::min(before, batch.changes.size()));
    return while_doing(files_[file_].path, taken.error());
  }
  if (gtids_alone_ || setup_.from_time > 0) pass_over(batch, before);
  return taken;
}

bool BinlogFiles::passes_over(const Transaction& transaction, const Event& event) const {
  if (event.timestamp < setup_.from_time) return true;
  if (!gtids_alone_ || transaction.gtid.empty()) return false;
  auto own = GtidSet::parse(transaction.gtid);
  return own && start_.gtids.contains(*own);
}

// Drops the changes from `first` on that belong to transactions before the start. Each transaction is whole
// or not there.
void BinlogFiles::pass_over(Batch& batch, size_t first) {
  first = std::min(first, batch.changes.size());
  auto passed = [&](const Change& change) {
    const Transaction& transaction = batch.transactions[change.transaction];
    if (decided_ != transaction.id) {
      decided_ = transaction.id;
      passed_ = passes_over(transaction, batch.events[change.event]);
    }
    return passed_;
  };
  auto end =
      std::remove_if(batch.changes.begin() + static_cast<ptrdiff_t>(first), batch.changes.end(), passed);
  batch.changes.erase(end, batch.changes.end());
}

bool BinlogFiles::reached_end(std::string_view event) const {
  if (decoder_.in_transaction()) return false;
  mysql::EventHeader header = mysql::read_header(event);
  switch (header.type) {
    case mysql::EventType::Gtid:
    case mysql::EventType::AnonymousGtid:
    case mysql::EventType::GtidTagged:
    case mysql::EventType::MariaDbGtid:
    case mysql::EventType::Query: break;
    default: return false;  // begins no transaction
  }
  if (setup_.until_time > 0 && header.timestamp >= setup_.until_time) return true;
  const Position& until = setup_.until;
  if (!until.gtids.empty() && decoder_.position().gtids.contains(until.gtids)) return true;
  const std::string& file = decoder_.position().file;
  if (until.file.empty() || binlog_file::comes_before(file, until.file)) return false;
  return file != until.file || reader_.begin() >= until.offset;
}

BinlogFileProgress BinlogFiles::progress() const {
  const LogFile* file = current_;
  return {reader_.bytes_read(), total_, file ? file->path : std::string()};
}

}  // namespace

std::unique_ptr<BinlogFileSource> make_binlog_file_source(BinlogFileSetup setup, Catalogue& catalogue,
                                                          const Selection& selection) {
  return std::make_unique<BinlogFiles>(std::move(setup), catalogue, selection);
}

}  // namespace sluice
