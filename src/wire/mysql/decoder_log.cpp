// The decoder's part in events that tell of the log itself: its files, its transactions' names, what is
// missing.
#include "base/log.h"
#include "wire/mysql/decoder_impl.h"

namespace sluice::mysql {

Result<bool> Decoder::Impl::skip(const EventHeader& header, std::string_view why) {
  ++skipped_events_;
  log::warning("passing over the {} event (type {}) at {}: {}", name(header.type),
               static_cast<int>(header.type), where(), why);
  return true;
}

Result<bool> Decoder::Impl::unknown(const EventHeader& header) {
  if (header.flags & kFlagIgnorable) return skip(header, "it is marked as ignorable");
  if (options_.skip_unknown) return skip(header, "it is not understood");
  std::string_view advice;
  if (header.type >= EventType::PreGaWriteRows && header.type <= EventType::PreGaDeleteRows)
    advice = " It was written by a server older than 5.1.16.";
  if (header.type == EventType::PartialRowData)
    advice = " A greater binlog_row_event_fragment_threshold on the server keeps such events out of the log.";
  return fatal(
      "events of type {} are not understood; nothing after it was read, so nothing is lost.{} A newer Sluice "
      "may know them; with unknown_events set to skip they are passed over, and what they hold is lost",
      static_cast<int>(header.type), advice);
}

Result<void> Decoder::Impl::rotate(const EventHeader& header, std::string_view body) {
  Cursor in(body);
  uint64_t offset = in.u64();
  std::string_view file = in.rest();
  if (in.bad() || file.empty()) return fatal("it names no file");
  if (tx_.open && !(header.flags & kFlagArtificial)) return fatal("the file ends inside a transaction");
  // A dump by GTID set announces the file it found; one by offset repeats what was asked for.
  if (file_ != file) file_start_ = offset <= 4;
  file_ = file;
  at_ = offset;
  uses_.clear();
  file_copy_ = {};
  return {};
}

Result<void> Decoder::Impl::gtid(const EventHeader& header, std::string_view body) {
  SLUICE_ASSIGN(event, read_gtid_event(header, body));
  thread_id_ = 0;  // the statement that follows tells it; behind MariaDB's GTID event none may
  begin_transaction(event.flavor == Flavor::MariaDb && !event.standalone && !event.completes_xa);
  tx_.has_gtid = !event.anonymous;
  tx_.gtid_text = event.text();
  if (tx_.has_gtid) tx_.id = tx_.gtid_text;
  tx_.gtid = std::move(event);
  if (!tx_.gtid.prepares_xa.empty()) SLUICE_TRY(begin_prepared(tx_.gtid.prepares_xa));
  return {};
}

Result<void> Decoder::Impl::gtid_list(const EventHeader& header, std::string_view body) {
  SLUICE_ASSIGN(set, read_gtid_list(header.type, body));
  // At a file's start this is everything before it; a reader that began there knows nothing else.
  if (file_start_ && position_.gtids.empty()) position_.gtids = std::move(set);
  if (file_start_) beyond_gtids_ = false;
  file_start_ = false;
  return {};
}

// Events that change no row, and those that say why rows are not in the log.
Result<bool> Decoder::Impl::without_rows(const EventHeader& header) {
  switch (header.type) {
    case EventType::Incident:
      if (options_.skip_lost) return skip(header, "changes are missing from the log (an incident)");
      return fatal(
          "the server reports that changes are missing from its log (an incident). Compare the tables with "
          "the target, then start behind this event, or set lost_changes to skip");
    case EventType::StartEncryption:
      if (options_.live) return true;
      return fatal("the file is encrypted from here on. Read it through its server, which decrypts it");
    case EventType::BeginLoadQuery:
    case EventType::ExecuteLoadQuery:
    case EventType::AppendBlock:
    case EventType::Load:
    case EventType::NewLoad:
      return fatal(
          "a LOAD DATA was logged as a statement, so its rows are not in the log. Set binlog_format=ROW");
    case EventType::Stop:
    case EventType::Heartbeat:
    case EventType::HeartbeatV2:
    case EventType::Ignorable:
    case EventType::IntVar:
    case EventType::Rand:
    case EventType::UserVar:
    case EventType::TransactionContext:
    case EventType::ViewChange:
    case EventType::BinlogCheckpoint: return true;
    default: return unknown(header);
  }
}

}  // namespace sluice::mysql
