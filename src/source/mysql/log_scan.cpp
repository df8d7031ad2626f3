#include "source/mysql/log_scan.h"

#include "base/cursor.h"
#include "wire/mysql/ddl.h"
#include "wire/mysql/event.h"
#include "wire/mysql/gtid_event.h"
#include "wire/mysql/query_event.h"

namespace sluice::mysql {

void LogScan::open(bool block) {
  begins_transaction_ = !open_;
  open_ = true;
  block_ = block;
}

void LogScan::close() {
  open_ = block_ = false;
  gtids_.unite(pending_);
  pending_.clear();
}

void LogScan::finish() {
  if (!open_) close();
}

Result<void> LogScan::take(std::string_view event) {
  if (event.size() < kHeaderBytes) return fatal("an event at {}:{} is shorter than its header", file_, at_);
  EventHeader header = read_header(event);
  bool stands_in_file = !(header.flags & kFlagArtificial) && header.end != 0;
  begin_ = at_;
  event_file_ = file_;
  if (stands_in_file) {
    // Not counted up: a dump may leave events out. The header has the low 32 bits.
    uint64_t end = (at_ & ~uint64_t{0xffffffff}) | header.end;
    if (end < at_) end += uint64_t{1} << 32;
    begin_ = end - header.size;  // of a large event the header alone may be here
    at_ = end;
  }
  between_ = !open_ && stands_in_file;
  begins_transaction_ = false;
  timestamp_ = header.timestamp;
  if (header.type == EventType::FormatDescription && event.size() > kHeaderBytes + kChecksumBytes) {
    // The algorithm stands before the checksum, which this event has in any case.
    checksums_ = event[event.size() - kChecksumBytes - 1] == 1;
  }
  std::string_view body = event.substr(kHeaderBytes);
  if (checksums_ && body.size() >= kChecksumBytes) body.remove_suffix(kChecksumBytes);
  return follow(event, body);
}

Result<void> LogScan::follow(std::string_view event, std::string_view body) {
  EventHeader header = read_header(event);
  switch (header.type) {
    case EventType::Rotate: {
      Cursor in(body);
      uint64_t offset = in.u64();
      std::string_view name = in.rest();
      // The first one of a dump may come with a checksum before anything has told so: it names the file that
      // was asked for.
      if (name.starts_with(file_)) return {};
      file_ = name;
      at_ = offset;
      return {};
    }
    case EventType::PreviousGtids: {
      SLUICE_ASSIGN(set, read_gtid_list(header.type, body));
      gtids_.unite(set);
      return {};
    }
    case EventType::Gtid:
    case EventType::AnonymousGtid:
    case EventType::GtidTagged:
    case EventType::MariaDbGtid: {
      SLUICE_ASSIGN(gtid, read_gtid_event(header, body));
      if (open_) close();
      between_ = true;
      anonymous_ = gtid.anonymous;
      open(gtid.flavor == Flavor::MariaDb && !gtid.standalone);
      if (gtid.flavor == Flavor::MySql && !gtid.anonymous) pending_.add(gtid.sid, gtid.number);
      return {};
    }
    case EventType::Query: {
      SLUICE_ASSIGN(query, read_query_event(body));
      StatementKind kind = classify(query.sql);
      bool begins = kind == StatementKind::Begin || kind == StatementKind::XaStart;
      if (!open_) anonymous_ = true;
      if (begins || !open_) open(begins);
      bool ends = kind == StatementKind::Commit || kind == StatementKind::Rollback ||
                  kind == StatementKind::XaCommit || kind == StatementKind::XaRollback;
      if (!begins && (!block_ || ends)) close();
      return {};
    }
    case EventType::Xid:
    case EventType::XaPrepare:
    case EventType::TransactionPayload: close(); return {};
    default: return {};
  }
}

}  // namespace sluice::mysql
