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
      "may "
      "know them; with unknown_events set to skip they are passed over, and what they hold is lost",
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
  file_start_ = false;
  return {};
}

}  // namespace sluice::mysql
