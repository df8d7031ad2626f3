// EventReplay: events that were kept aside, one after the other, for their second way through the decoder.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "base/result.h"
#include "wire/mysql/event.h"

namespace sluice::mysql {

class EventReplay {
 public:
  virtual ~EventReplay() = default;
  // The next event's header; false at the end.
  virtual Result<bool> peek(EventHeader& header) = 0;
  // That event, header and body without checksum, in the arena.
  virtual Result<std::string_view> fetch(Arena& arena) = 0;
  // The event just fetched comes again; its arena may go.
  virtual void put_back(std::string_view event) = 0;
  // Of the event just fetched: where it stands in the log, unless it counts as a part of the one in hand.
  virtual void place(uint64_t& begin, uint64_t& end) const {
    (void)begin;
    (void)end;
  }
};

// The header of an event as it is kept: `size` is that of header and body.
void spell_kept_header(std::string_view event, size_t body, char (&header)[kHeaderBytes]);

}  // namespace sluice::mysql
