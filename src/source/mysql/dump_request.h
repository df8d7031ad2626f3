// The commands of the protocol by which a replica asks for the binary log: their payloads, byte for byte
// (MySQL protocol manual, "Replication Protocol").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/gtid.h"

namespace sluice::mysql {

constexpr uint8_t kBinlogDump = 0x12;
constexpr uint8_t kRegisterReplica = 0x15;
constexpr uint8_t kBinlogDumpGtid = 0x1e;
constexpr uint8_t kSemiSyncAck = 0xef;  // also the first byte of what a semi-sync server puts before events

struct DumpRequest {
  uint32_t server_id = 0;
  std::string file;         // empty: the first (or, with GTIDs, whichever is right)
  uint32_t offset = 4;      // of the next event
  bool until_now = false;   // the server sends an EOF packet at the log's end instead of waiting
  bool statements = false;  // MariaDB: with the statements behind row changes
};

std::string register_request(uint32_t server_id, std::string_view host_name);
std::string dump_request(const DumpRequest& request);
// MySQL only: everything that is not in `done`.
std::string gtid_dump_request(const DumpRequest& request, const GtidSet& done);
std::string semi_sync_ack(std::string_view file, uint64_t offset);

// As in COM_BINLOG_DUMP_GTID and PREVIOUS_GTIDS events: the form that every version reads where no tag
// occurs, else the one that 8.3 brought.
std::string encode_gtids(const GtidSet& set);

}  // namespace sluice::mysql
