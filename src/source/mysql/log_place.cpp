#include "source/mysql/log_place.h"

#include <algorithm>

#include "source/mysql/dump.h"
#include "source/mysql/log_scan.h"
#include "wire/mysql/event.h"

namespace sluice::mysql {

Position LogPlace::base(std::string file, uint64_t offset) const {
  Position position;
  position.file = std::move(file);
  position.offset = offset;
  position.server_uuid = server_.uuid;
  position.flavor = server_.flavor;
  return position;
}

Result<std::vector<BinaryLog>> LogPlace::logs() {
  SLUICE_ASSIGN(logs, binary_logs(connection_));
  if (logs.empty())
    return retryable("cannot find a binary log ({}): the server lists none", connection_.address());
  return logs;
}

Result<Position> LogPlace::find(const StartPoint& start) {
  switch (start.kind) {
    case StartPoint::Kind::Now: return present_position(connection_, server_);
    case StartPoint::Kind::Earliest: return earliest();
    case StartPoint::Kind::File: return at_file(start);
    case StartPoint::Kind::Gtids: return at_gtids(start.gtids);
    case StartPoint::Kind::Time: return at_time(start.time);
  }
  return earliest();
}

Result<Position> LogPlace::earliest() {
  SLUICE_ASSIGN(files, logs());
  return with_gtids(base(files.front().name, 4), GtidSet());
}

// `found`: of the log, MySQL's only. What was purged may stand in no file's list, if it was set by hand.
Result<Position> LogPlace::with_gtids(Position position, const GtidSet& found) {
  if (server_.mariadb()) {
    SLUICE_ASSIGN(gtids, gtids_at(connection_, position.file, position.offset));
    position.gtids = std::move(gtids);
  } else if (server_.gtids) {
    SLUICE_ASSIGN(gtids, purged_gtids(connection_));
    gtids.unite(found);
    position.gtids = std::move(gtids);
  }
  return position;
}

template <class There>
Result<Position> LogPlace::scan(const std::string& file, There there) {
  Connection reader(options_, interrupt_);
  SLUICE_TRY(reader.connect());
  Dump dump(reader, server_,
            {.server_id = random_server_id(),
             .replica_uuid = random_uuid(),
             .until_now = true,
             .register_replica = false});
  SLUICE_TRY(dump.start(base(file, 4), false));
  LogScan scan(file);
  for (;;) {
    SLUICE_ASSIGN(got, dump.next(Dump::Clock::now() + std::chrono::seconds(1)));
    if (got == Dump::Got::Nothing) continue;
    if (got == Dump::Got::End) {
      scan.finish();
      return with_gtids(base(scan.end_file(), scan.end()), scan.gtids());
    }
    SLUICE_TRY(scan.take(dump.event()));
    if (!there(scan)) continue;
    return with_gtids(base(scan.file(), scan.begin()), scan.gtids());
  }
}

Result<Position> LogPlace::at_file(const StartPoint& start) {
  SLUICE_ASSIGN(files, logs());
  auto file =
      std::find_if(files.begin(), files.end(), [&](const BinaryLog& log) { return log.name == start.file; });
  if (file == files.end()) {
    return usage("cannot begin at {}:{} ({}): there is no such binary log; the server has {} to {}",
                 start.file, start.offset, connection_.address(), files.front().name, files.back().name);
  }
  // The size is a moment old: a file that is being written may have grown. The end itself is a good place.
  if (start.offset > file->size) {
    return usage("cannot begin at {}:{} ({}): the file ends at {}", start.file, start.offset,
                 connection_.address(), file->size);
  }
  if (server_.mariadb()) return with_gtids(base(start.file, start.offset), GtidSet());
  if (start.offset <= 4) {
    SLUICE_ASSIGN(before, previous_gtids(connection_, start.file));
    if (before) return with_gtids(base(start.file, start.offset), *before);
  }
  // The next transaction is looked for, so that the list of GTIDs at the file's start has been read in any
  // case.
  bool stands_between = start.offset <= 4, anonymous = false;
  SLUICE_ASSIGN(next, scan(start.file, [&](const LogScan& at) {
                  bool here = at.file() == start.file;
                  stands_between |= here && at.between() && at.begin() == start.offset;
                  anonymous = at.begins_transaction() && at.anonymous();
                  return !here || (at.begins_transaction() && at.begin() >= start.offset);
                }));
  if (!stands_between && (next.file != start.file || next.offset != start.offset)) {
    return usage("cannot begin at {}:{} ({}): no transaction begins there; the next one begins at {}:{}",
                 start.file, start.offset, connection_.address(), next.file, next.offset);
  }
  next.file = start.file;
  next.offset = start.offset;
  // Asked for what is not in a set, the server may pass over a file of which no list of GTIDs tells.
  if (anonymous) next.gtids.clear();
  return next;
}

Result<Position> LogPlace::at_gtids(const GtidSet& gtids) {
  if (!server_.gtids) {
    return usage("cannot begin at a GTID ({}): gtid_mode is {} on this server", connection_.address(),
                 server_.variable("gtid_mode"));
  }
  if (gtids.flavor() != server_.flavor) {
    return usage("cannot begin at '{}' ({}): this is not the form of GTIDs that {} has", gtids.text(),
                 connection_.address(), server_.product());
  }
  Position position = base("", 4);
  position.server_uuid.clear();  // chosen by the operator: no reason to believe that the log was reset
  position.gtids = gtids;
  return resume(position);
}

Result<uint32_t> LogPlace::first_timestamp(const std::string& file) {
  uint32_t timestamp = 0;
  SLUICE_TRY(scan(file, [&](const LogScan& at) {
    if (!at.between()) return false;  // the artificial ROTATE
    timestamp = at.timestamp();
    return true;
  }));
  return timestamp;
}

// The newest file that begins before `time` holds it, if any does; one that begins in that very second may
// have a part of it only. A search by halves finds it with few
// looks.
Result<Position> LogPlace::at_time(int64_t time) {
  SLUICE_ASSIGN(files, logs());
  size_t first = 0, behind = files.size();
  while (behind - first > 1) {
    size_t middle = first + (behind - first) / 2;
    SLUICE_ASSIGN(timestamp, first_timestamp(files[middle].name));
    if (timestamp < time) {
      first = middle;
    } else {
      behind = middle;
    }
  }
  return scan(files[first].name,
              [&](const LogScan& at) { return at.begins_transaction() && at.timestamp() >= time; });
}

}  // namespace sluice::mysql
