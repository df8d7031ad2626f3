// The binlog's events: type codes and the common header. Layout of an event (MySQL internals manual, "Binary
// Log Event"; libbinlogevents/include/binlog_event.h; MariaDB sql/log_event.h):
//
//   timestamp u32, type u8, server_id u32, size u32 (whole event), end u32 (offset behind it, low 32 bits; 0:
//   artificial), flags u16, body…, [CRC-32 of all before it, u32]
#pragma once

#include <cstdint>
#include <string_view>

#include "base/cursor.h"

namespace sluice::mysql {

enum class EventType : uint8_t {
  Unknown = 0,
  StartV3 = 1,
  Query = 2,
  Stop = 3,
  Rotate = 4,
  IntVar = 5,
  Load = 6,
  CreateFile = 8,
  AppendBlock = 9,
  ExecLoad = 10,
  DeleteFile = 11,
  NewLoad = 12,
  Rand = 13,
  UserVar = 14,
  FormatDescription = 15,
  Xid = 16,
  BeginLoadQuery = 17,
  ExecuteLoadQuery = 18,
  TableMap = 19,
  PreGaWriteRows = 20,
  PreGaUpdateRows = 21,
  PreGaDeleteRows = 22,
  WriteRowsV1 = 23,
  UpdateRowsV1 = 24,
  DeleteRowsV1 = 25,
  Incident = 26,
  Heartbeat = 27,
  Ignorable = 28,
  RowsQuery = 29,
  WriteRows = 30,
  UpdateRows = 31,
  DeleteRows = 32,
  Gtid = 33,
  AnonymousGtid = 34,
  PreviousGtids = 35,
  TransactionContext = 36,
  ViewChange = 37,
  XaPrepare = 38,
  PartialUpdateRows = 39,
  TransactionPayload = 40,
  HeartbeatV2 = 41,
  GtidTagged = 42,
  // MariaDB
  AnnotateRows = 160,
  BinlogCheckpoint = 161,
  MariaDbGtid = 162,
  MariaDbGtidList = 163,
  StartEncryption = 164,
  QueryCompressed = 165,
  WriteRowsCompressedV1 = 166,
  UpdateRowsCompressedV1 = 167,
  DeleteRowsCompressedV1 = 168,
  WriteRowsCompressed = 169,
  UpdateRowsCompressed = 170,
  DeleteRowsCompressed = 171,
  PartialRowData = 172,
};

std::string_view name(EventType type);  // "WRITE_ROWS"; "unknown" where it is

constexpr size_t kHeaderBytes = 19;
constexpr size_t kChecksumBytes = 4;
// LOG_EVENT_BINLOG_IN_USE_F: set in the format description of a file that its server has not closed.
constexpr uint16_t kFlagInUse = 0x1;
// LOG_EVENT_ARTIFICIAL_F: made by the dump thread, stands in no file.
constexpr uint16_t kFlagArtificial = 0x20;
// LOG_EVENT_IGNORABLE_F: a reader that does not know the type may pass it over.
constexpr uint16_t kFlagIgnorable = 0x80;

struct EventHeader {
  uint32_t timestamp;
  EventType type;
  uint32_t server_id;
  uint32_t size;
  uint32_t end;
  uint16_t flags;
};

// `bytes` holds at least kHeaderBytes.
inline EventHeader read_header(std::string_view bytes) {
  Cursor in(bytes);
  EventHeader header;
  header.timestamp = in.u32();
  header.type = static_cast<EventType>(in.u8());
  header.server_id = in.u32();
  header.size = in.u32();
  header.end = in.u32();
  header.flags = in.u16();
  return header;
}

// Of a whole event with its CRC32 behind it.
bool checksum_fits(std::string_view event);

}  // namespace sluice::mysql
