#include "wire/mysql/event.h"

#include <libdeflate.h>

#include <string>

namespace sluice::mysql {
namespace {

uint32_t stored_checksum(std::string_view event) {
  Cursor in(event.substr(event.size() - kChecksumBytes));
  return in.u32();
}

}  // namespace

bool checksum_fits(std::string_view event) {
  if (event.size() < kHeaderBytes + kChecksumBytes) return false;
  std::string_view covered = event.substr(0, event.size() - kChecksumBytes);
  uint32_t sum;
  if (read_header(event).type == EventType::FormatDescription) {
    // The server writes the sum first and sets the in-use flag afterwards.
    std::string copy(covered);
    copy[17] = static_cast<char>(copy[17] & ~kFlagInUse);
    sum = libdeflate_crc32(0, copy.data(), copy.size());
  } else {
    sum = libdeflate_crc32(0, covered.data(), covered.size());
  }
  return sum == stored_checksum(event);
}

std::string_view name(EventType type) {
  switch (type) {
    case EventType::Unknown: return "UNKNOWN";
    case EventType::StartV3: return "START_V3";
    case EventType::Query: return "QUERY";
    case EventType::Stop: return "STOP";
    case EventType::Rotate: return "ROTATE";
    case EventType::IntVar: return "INTVAR";
    case EventType::Load: return "LOAD";
    case EventType::CreateFile: return "CREATE_FILE";
    case EventType::AppendBlock: return "APPEND_BLOCK";
    case EventType::ExecLoad: return "EXEC_LOAD";
    case EventType::DeleteFile: return "DELETE_FILE";
    case EventType::NewLoad: return "NEW_LOAD";
    case EventType::Rand: return "RAND";
    case EventType::UserVar: return "USER_VAR";
    case EventType::FormatDescription: return "FORMAT_DESCRIPTION";
    case EventType::Xid: return "XID";
    case EventType::BeginLoadQuery: return "BEGIN_LOAD_QUERY";
    case EventType::ExecuteLoadQuery: return "EXECUTE_LOAD_QUERY";
    case EventType::TableMap: return "TABLE_MAP";
    case EventType::PreGaWriteRows: return "PRE_GA_WRITE_ROWS";
    case EventType::PreGaUpdateRows: return "PRE_GA_UPDATE_ROWS";
    case EventType::PreGaDeleteRows: return "PRE_GA_DELETE_ROWS";
    case EventType::WriteRowsV1: return "WRITE_ROWS_V1";
    case EventType::UpdateRowsV1: return "UPDATE_ROWS_V1";
    case EventType::DeleteRowsV1: return "DELETE_ROWS_V1";
    case EventType::Incident: return "INCIDENT";
    case EventType::Heartbeat: return "HEARTBEAT";
    case EventType::Ignorable: return "IGNORABLE";
    case EventType::RowsQuery: return "ROWS_QUERY";
    case EventType::WriteRows: return "WRITE_ROWS";
    case EventType::UpdateRows: return "UPDATE_ROWS";
    case EventType::DeleteRows: return "DELETE_ROWS";
    case EventType::Gtid: return "GTID";
    case EventType::AnonymousGtid: return "ANONYMOUS_GTID";
    case EventType::PreviousGtids: return "PREVIOUS_GTIDS";
    case EventType::TransactionContext: return "TRANSACTION_CONTEXT";
    case EventType::ViewChange: return "VIEW_CHANGE";
    case EventType::XaPrepare: return "XA_PREPARE";
    case EventType::PartialUpdateRows: return "PARTIAL_UPDATE_ROWS";
    case EventType::TransactionPayload: return "TRANSACTION_PAYLOAD";
    case EventType::HeartbeatV2: return "HEARTBEAT_V2";
    case EventType::GtidTagged: return "GTID_TAGGED";
    case EventType::AnnotateRows: return "ANNOTATE_ROWS";
    case EventType::BinlogCheckpoint: return "BINLOG_CHECKPOINT";
    case EventType::MariaDbGtid: return "GTID (MariaDB)";
    case EventType::MariaDbGtidList: return "GTID_LIST";
    case EventType::StartEncryption: return "START_ENCRYPTION";
    case EventType::QueryCompressed: return "QUERY_COMPRESSED";
    case EventType::WriteRowsCompressedV1: return "WRITE_ROWS_COMPRESSED_V1";
    case EventType::UpdateRowsCompressedV1: return "UPDATE_ROWS_COMPRESSED_V1";
    case EventType::DeleteRowsCompressedV1: return "DELETE_ROWS_COMPRESSED_V1";
    case EventType::WriteRowsCompressed: return "WRITE_ROWS_COMPRESSED";
    case EventType::UpdateRowsCompressed: return "UPDATE_ROWS_COMPRESSED";
    case EventType::DeleteRowsCompressed: return "DELETE_ROWS_COMPRESSED";
    case EventType::PartialRowData: return "PARTIAL_ROW_DATA";
  }
  return "unknown";
}

}  // namespace sluice::mysql
