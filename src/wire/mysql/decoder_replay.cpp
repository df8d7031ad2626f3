// The decoder's part in events that go through it a second time, and in transactions that are wanted whole:
// their events are withheld until the COMMIT was read.
#include "base/log.h"
#include "wire/mysql/decoder_impl.h"

namespace sluice::mysql {

bool belongs_between_bounds(EventType type) {
  switch (type) {
    case EventType::Query:
    case EventType::QueryCompressed:
    case EventType::TableMap:
    case EventType::WriteRowsV1:
    case EventType::UpdateRowsV1:
    case EventType::DeleteRowsV1:
    case EventType::WriteRows:
    case EventType::UpdateRows:
    case EventType::DeleteRows:
    case EventType::PartialUpdateRows:
    case EventType::WriteRowsCompressedV1:
    case EventType::UpdateRowsCompressedV1:
    case EventType::DeleteRowsCompressedV1:
    case EventType::WriteRowsCompressed:
    case EventType::UpdateRowsCompressed:
    case EventType::DeleteRowsCompressed:
    case EventType::RowsQuery:
    case EventType::AnnotateRows: return true;
    default: return false;
  }
}

// `timestamp`: of all of them; 0: each has its own. False: the batch is full, and there is more.
Result<bool> Decoder::Impl::replay(EventReplay& kept, uint32_t timestamp, Batch& batch) {
  // A new batch takes one event in any case, though it begins with a change that was held back.
  for (bool first = true;; first = false) {
    EventHeader header;
    SLUICE_ASSIGN(more, kept.peek(header));
    if (!more) return true;
    if (!first && is_full(header, batch)) return false;
    SLUICE_ASSIGN(event, kept.fetch(batch.arena));
    kept.place(event_begin_, at_);
    if (rows_done_ == 0) inflated_bytes_ += header.size;
    if (timestamp != 0) header.timestamp = timestamp;
    size_t changes = batch.changes.size();
    SLUICE_ASSIGN(done, dispatch(header, event, event.substr(kHeaderBytes), batch));
    if (!done) {
      kept.put_back(event);
      return false;
    }
    // Events of which nothing is kept must not fill the batch's memory.
    if (batch.changes.size() == changes) batch.arena.trim(const_cast<char*>(event.data()), event.size(), 0);
  }
}

// A compressed transaction is one event, and a prepared one is told at its COMMIT in any case.
bool Decoder::Impl::withholds(const EventHeader& header) const {
  return options_.whole && tx_.open && tx_.block && tx_.xa.empty() && !payload_.is_open() &&
         !withheld_.is_reading() && belongs_between_bounds(header.type);
}

Result<void> Decoder::Impl::withhold(std::string_view event, std::string_view body) {
  return withheld_.add(event_begin_, at_, event, body);
}

// Once its COMMIT is the event in hand. False: the batch is full, and there is more.
Result<bool> Decoder::Impl::tell_withheld(Batch& batch) {
  if (withheld_.is_empty()) return true;
  if (!withheld_.is_reading()) withheld_.open();
  const uint64_t begin = event_begin_, end = at_;
  SLUICE_ASSIGN(whole, replay(withheld_, 0, batch));  // a fault is where the event stands that has it
  event_begin_ = begin;
  at_ = end;
  if (whole) withheld_.drop();
  return whole;
}

}  // namespace sluice::mysql
