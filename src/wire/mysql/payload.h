// TRANSACTION_PAYLOAD: the events of one transaction in one, compressed by zstd or not at all. Layout
// (libs/mysql/binlog/event/codecs/binary.cpp, Transaction_payload): fields, each a type, a length and a value
// (all of them length-encoded integers), up to the type 0; then the events, without checksums:
//
//   1 size of the payload, 2 compression (0 zstd, 255 none), 3 size before compression
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/file_part.h"
#include "base/result.h"
#include "base/zstd_reader.h"
#include "wire/mysql/event.h"

namespace sluice::mysql {

// Reads one event after the other, so that memory holds the one in hand, zstd's window (2 MB at the default
// level, 128 MB at level 22, which is the most that is accepted) and the compressed bytes, or a piece of them
// where they are in a file. What the sizes claim bounds what is read, and is checked.
class Payload {
 public:
  // Between begin() and close().
  bool is_open() const { return open_; }
  // Of the event's body; the same body is given to every call that follows, wherever it then lies.
  Result<void> begin(std::string_view body);
  // The same of one in a file, from the byte `begin` to the byte `end`; the calls that follow are given
  // nothing.
  Result<void> begin(const FilePart& event, uint64_t begin, uint64_t end);
  void close();

  // The header of the next event. False: that was all, and the sizes were right.
  Result<bool> peek(std::string_view body, EventHeader& header);
  // That event, in the arena.
  Result<std::string_view> fetch(std::string_view body, Arena& arena);
  // The event just fetched comes again; its arena may go.
  void put_back(std::string_view event);

 private:
  Result<void> read_fields(std::string_view head, uint64_t size);
  Result<bool> refill();
  Result<bool> read(std::string_view body, char* to, size_t n);
  Result<void> check_end(std::string_view body);

  bool open_ = false;
  bool compressed_ = false;
  uint64_t at_ = 0;    // in the body: the next byte to take
  uint64_t left_ = 0;  // bytes before compression
  bool peeked_ = false;
  char header_[kHeaderBytes];
  std::string again_;  // put back
  std::optional<FilePart> file_;
  uint64_t end_ = 0;     // in it
  std::string piece_;    // of it, from at_ on
  size_t piece_at_ = 0;  // in that piece
  ZstdReader zstd_;
};

}  // namespace sluice::mysql
