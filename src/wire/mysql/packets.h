// PacketReader: a connection's bytes to packets of the protocol (manual, "MySQL Packets"): a length in three
// bytes, a number, so many bytes; one of 0xffffff bytes goes on in the next. Where the protocol is compressed
// ("Compressed Packet"), they come in frames: length, number, length before compression (0: it is not),
// bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace sluice::mysql {

class PacketReader {
 public:
  // A packet of fewer comes in one piece. So much memory it takes at most, and with compression a frame more
  // (16 MB) on either side of it.
  static constexpr size_t kPieceBytes = 1 << 20;

  struct Piece {
    std::string_view bytes;  // valid until the next call
    bool last;               // of its packet
  };

  explicit PacketReader(bool compressed) : compressed_(compressed) {}

  // The next piece, or nothing: bytes are missing. What is damaged stays so.
  Result<std::optional<Piece>> next();
  // Where at least one byte more goes, of which then `n` came.
  char* room(size_t& size);
  void received(size_t n);
  // Whether bytes wait that next() has not given.
  bool has_bytes() const { return raw_.left() > 0 || plain_.left() > 0; }

 private:
  // Bytes that come at one end and go at the other.
  struct Pipe {
    Bytes bytes;
    size_t at = 0;
    size_t left() const { return bytes.size() - at; }
    const char* data() const { return bytes.data() + at; }
    char* reserve(size_t n);
  };
  Result<bool> inflate_frame();

  bool compressed_;
  Pipe raw_, plain_;      // as they came; and, where that is compressed, what they were
  bool inside_ = false;   // a packet, whose head was read
  bool goes_on_ = false;  // in another one
  size_t left_ = 0;       // bytes of it
};

// ERR packet (manual, "ERR_Packet"): 0xff, number u16, [#, state of 5 bytes], message.
struct ServerError {
  uint16_t code = 0;
  std::string_view message;
};
std::optional<ServerError> read_error(std::string_view packet);

}  // namespace sluice::mysql
