// Events that name transactions. Layouts: libbinlogevents/include/control_events.h, libs/mysql/serialization
// (tagged); MariaDB sql/log_event.h, Gtid_log_event and Gtid_list_log_event.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/gtid.h"
#include "wire/mysql/event.h"

namespace sluice::mysql {

struct GtidEvent {
  Flavor flavor = Flavor::MySql;
  bool anonymous = false;  // MySQL without GTIDs
  GtidSet::Sid sid;        // MySQL
  uint32_t domain = 0;     // MariaDB
  uint32_t server_id = 0;  // MariaDB
  uint64_t number = 0;
  uint64_t commit_us = 0;     // microseconds since 1970 UTC on the server that wrote this log; 0: not known
  bool standalone = false;    // MariaDB: no COMMIT follows, the next statement is all
  std::string prepares_xa;    // MariaDB: the XID of the XA transaction that it prepares
  bool completes_xa = false;  // MariaDB: its COMMIT or ROLLBACK follows
  // MariaDB, binlog_alter_two_phase: the ALTER behind it begins or was rolled back. It counts when it comes
  // again, committed.
  bool alter_without_effect = false;
  std::string text() const;  // the GTID as its server spells it; empty when anonymous
};

// Of a Gtid, AnonymousGtid, GtidTagged or MariaDbGtid event.
Result<GtidEvent> read_gtid_event(const EventHeader& header, std::string_view body);

// Of a PreviousGtids or MariaDbGtidList event: everything executed before this file.
Result<GtidSet> read_gtid_list(EventType type, std::string_view body);

}  // namespace sluice::mysql
