#include "wire/mysql/packets.h"

#include <libdeflate.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/cursor.h"

namespace sluice::mysql {
namespace {

constexpr size_t kHeadBytes = 4;
constexpr size_t kFrameHeadBytes = 7;
constexpr size_t kMostBytes = 0xffffff;
// Of one read from the connection.
constexpr size_t kReadBytes = 64 << 10;

struct Free {
  void operator()(libdeflate_decompressor* made) const { libdeflate_free_decompressor(made); }
};

}  // namespace

char* PacketReader::Pipe::reserve(size_t n) {
  if (left() == 0) {
    bytes.clear();
    // One large packet must not stay resident for ever.
    bytes.shrink(2 * kPieceBytes);
    at = 0;
  } else if (at > 0 && bytes.capacity() - bytes.size() < n) {
    std::memmove(bytes.data(), data(), left());
    bytes.truncate(left());
    at = 0;
  }
  return bytes.reserve(n);
}

char* PacketReader::room(size_t& size) {
  size = kReadBytes;
  return raw_.reserve(size);
}

void PacketReader::received(size_t n) { raw_.bytes.commit(raw_.bytes.data() + raw_.bytes.size() + n); }

// False: it is not there as a whole.
Result<bool> PacketReader::inflate_frame() {
  Cursor in({raw_.data(), raw_.left()});
  size_t size = in.u24();
  in.u8();
  size_t plain_size = in.u24();
  std::string_view packed = in.bytes(size);
  if (in.bad()) return false;
  if (plain_size == 0) {
    plain_.reserve(size);
    plain_.bytes.append(packed);
  } else {
    thread_local std::unique_ptr<libdeflate_decompressor, Free> zlib(libdeflate_alloc_decompressor());
    char* to = plain_.reserve(plain_size);
    size_t got = 0;
    auto result = libdeflate_zlib_decompress(zlib.get(), packed.data(), size, to, plain_size, &got);
    if (result != LIBDEFLATE_SUCCESS || got != plain_size)
      return retryable("a compressed packet is damaged: {} bytes do not become {}", size, plain_size);
    plain_.bytes.commit(to + plain_size);
  }
  raw_.at += kFrameHeadBytes + size;
  return true;
}

Result<std::optional<PacketReader::Piece>> PacketReader::next() {
  Pipe& pipe = compressed_ ? plain_ : raw_;
  for (;;) {
    size_t wanted = inside_ ? std::min(left_, kPieceBytes) : kHeadBytes;
    if (pipe.left() < wanted) {
      if (!compressed_) return std::optional<Piece>();
      SLUICE_ASSIGN(more, inflate_frame());
      if (!more) return std::optional<Piece>();
      continue;
    }
    std::string_view bytes(pipe.data(), wanted);
    pipe.at += wanted;
    if (inside_) {
      left_ -= wanted;
      inside_ = left_ > 0;
      return std::optional<Piece>({bytes, !inside_ && !goes_on_});
    }
    left_ = Cursor(bytes).u24();
    goes_on_ = left_ == kMostBytes;
    inside_ = true;
  }
}

std::optional<ServerError> read_error(std::string_view packet) {
  Cursor in(packet);
  if (in.u8() != 0xff) return std::nullopt;
  ServerError error{in.u16(), {}};
  if (in.left() > 0 && *in.at() == '#') in.skip(6);
  error.message = in.rest();
  return error;
}

}  // namespace sluice::mysql
