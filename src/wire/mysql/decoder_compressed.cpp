// The decoder's part in what the servers compress: MySQL whole transactions, MariaDB the text of a statement
// or the images of rows.
#include <libdeflate.h>

#include <algorithm>

#include "base/cursor.h"
#include "wire/mysql/decoder_impl.h"
#include "wire/mysql/inflate.h"

namespace sluice::mysql {
namespace {

// What a server writes between the first event of a transaction and its last. Anything else would speak of
// the log, which goes on behind the payload.
bool belongs_in_transaction(EventType type) {
  switch (type) {
    case EventType::Query:
    case EventType::IntVar:
    case EventType::Rand:
    case EventType::UserVar:
    case EventType::Xid:
    case EventType::TableMap:
    case EventType::WriteRowsV1:
    case EventType::UpdateRowsV1:
    case EventType::DeleteRowsV1:
    case EventType::WriteRows:
    case EventType::UpdateRows:
    case EventType::DeleteRows:
    case EventType::PartialUpdateRows:
    case EventType::Ignorable:
    case EventType::RowsQuery:
    case EventType::TransactionContext:
    case EventType::ViewChange:
    case EventType::XaPrepare: return true;
    default: return false;
  }
}

}  // namespace

// Its checksum is verified before the first of its events is taken, so that nothing of a damaged one comes
// out.
Result<void> Decoder::Impl::open_stored(const EventHeader& header, const FilePart& event) {
  if (header.type != EventType::TransactionPayload || header.size != event.size()) {
    return fatal("the {} event at {} says it is {} bytes long, but there are {}", name(header.type), where(),
                 header.size, event.size());
  }
  uint64_t end = event.size();
  if (checksum_ == Checksum::Crc32) {
    if (end < kHeaderBytes + kChecksumBytes)
      return fatal("the event at {} is too short to hold its checksum", where());
    end -= kChecksumBytes;
    if (options_.verify_checksums) SLUICE_TRY(verify_stored(event, end));
  }
  auto begun = payload_.begin(event, kHeaderBytes, end);
  if (!begun) return while_doing(fmt::format("{} event at {}", name(header.type), where()), begun.error());
  payload_size_ = 0;
  return {};
}

Result<void> Decoder::Impl::verify_stored(const FilePart& event, uint64_t end) {
  char piece[64 << 10];
  uint32_t sum = libdeflate_crc32(0, nullptr, 0);
  for (uint64_t at = 0; at < end;) {
    SLUICE_ASSIGN(got, event.read(at, piece, std::min<uint64_t>(sizeof piece, end - at)));
    sum = libdeflate_crc32(sum, piece, got);
    at += got;
  }
  SLUICE_ASSIGN(got, event.read(end, piece, kChecksumBytes));
  if (Cursor({piece, got}).u32() == sum) return {};
  return damaged(
      fmt::format("the compressed transaction at {} is damaged: its checksum does not fit", where()));
}

// Its events carry its own position: there is no other one to find them by. False: the batch is full, and
// there are more of them.
Result<bool> Decoder::Impl::payload(std::string_view body, Batch& batch) {
  if (!payload_.is_open()) {
    SLUICE_TRY(payload_.begin(body));
    payload_size_ = body.size();
  }
  // A new batch takes one event in any case, though it begins with a change that was held back.
  for (bool first = true;; first = false) {
    EventHeader header;
    SLUICE_ASSIGN(more, payload_.peek(body, header));
    if (!more) break;
    if (!first && is_full(header, batch)) return false;
    SLUICE_ASSIGN(event, payload_.fetch(body, batch.arena));
    size_t changes = batch.changes.size();
    if (!belongs_in_transaction(header.type))
      return fatal("a {} event (type {}) in it, which has no place there", name(header.type),
                   static_cast<int>(header.type));
    if (!tx_.open) return fatal("a {} event in it, behind the end of its transaction", name(header.type));
    if (rows_done_ == 0) inflated_bytes_ += header.size;
    auto done = dispatch(header, event, event.substr(kHeaderBytes), batch);
    if (!done) return while_doing(fmt::format("a {} event in it", name(header.type)), done.error());
    if (!*done) {
      payload_.put_back(event);
      return false;
    }
    // Events of which nothing is kept must not fill the batch's memory.
    if (batch.changes.size() == changes) batch.arena.trim(const_cast<char*>(event.data()), event.size(), 0);
  }
  payload_.close();
  return true;
}

Result<std::string_view> Decoder::Impl::inflate(std::string_view record, Batch& batch) {
  SLUICE_ASSIGN(plain, inflate_record(record, batch.arena));
  if (rows_done_ == 0) inflated_bytes_ += plain.size();
  return plain;
}

}  // namespace sluice::mysql
