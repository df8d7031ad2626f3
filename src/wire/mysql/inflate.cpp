#include "wire/mysql/inflate.h"

#include <libdeflate.h>

#include <memory>

#include "base/cursor.h"

namespace sluice::mysql {
namespace {

// Deflate makes at most 258 bytes of two bits.
constexpr uint64_t kMostExpansion = 1032;

struct Free {
  void operator()(libdeflate_decompressor* made) const { libdeflate_free_decompressor(made); }
};

}  // namespace

Result<std::string_view> inflate_record(std::string_view record, Arena& arena) {
  Cursor in(record);
  uint8_t head = in.u8();
  size_t length_bytes = head & 0x07;
  uint64_t length = in.big(length_bytes);
  if (in.bad() || !(head & 0x80) || length_bytes == 0 || length_bytes > 4)
    return fatal("its compressed part has an impossible header");
  if (head & 0x70) return fatal("it is compressed by algorithm {}, which is not known", head >> 4 & 0x07);
  std::string_view packed = in.rest();
  if (length > packed.size() * kMostExpansion)
    return fatal("{} compressed bytes in it cannot become {}, as it says", packed.size(), length);
  // Of a thread: the decoder itself may not name the library.
  thread_local std::unique_ptr<libdeflate_decompressor, Free> decompressor(libdeflate_alloc_decompressor());
  char* plain = arena.allocate(length);
  size_t got = 0;
  auto decompress = head & 0x08 ? libdeflate_deflate_decompress : libdeflate_zlib_decompress;
  libdeflate_result result =
      decompress(decompressor.get(), packed.data(), packed.size(), plain, length, &got);
  if (result != LIBDEFLATE_SUCCESS || got != length)
    return fatal("its compressed part is damaged: {} bytes do not become {}", packed.size(), length);
  return std::string_view(plain, length);
}

Result<std::string_view> inflate_value(std::string_view stored, Arena& arena) {
  if (stored.empty()) return stored;
  if (stored[0] == 0) return stored.substr(1);
  return inflate_record(stored, arena);
}

}  // namespace sluice::mysql
