// Any bytes as what a server sends: the same packets come out however the bytes are cut on their way, and
// each piece lies within its bound. A byte of options, then the stream.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "wire/mysql/packets.h"

namespace {

using namespace sluice::mysql;

struct Reading {
  std::vector<std::string> packets;  // the last one may be unfinished
  bool failed = false;
  bool operator==(const Reading&) const = default;
};

Reading read(std::string_view bytes, bool compressed, size_t portion) {
  PacketReader reader(compressed);
  Reading reading;
  reading.packets.emplace_back();
  for (;;) {
    auto piece = reader.next();
    if (!piece) {
      CHECK(!piece.error().what.empty());
      reading.failed = true;
      return reading;
    }
    if (*piece) {
      CHECK((*piece)->bytes.size() <= PacketReader::kPieceBytes);
      reading.packets.back() += (*piece)->bytes;
      if ((*piece)->last) {
        (void)read_error(reading.packets.back());
        reading.packets.emplace_back();
      }
      continue;
    }
    if (bytes.empty()) return reading;
    size_t room = 0;
    char* to = reader.room(room);
    CHECK(room > 0);
    size_t n = std::min({room, portion, bytes.size()});
    std::memcpy(to, bytes.data(), n);
    reader.received(n);
    bytes.remove_prefix(n);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  bool compressed = data[0] & 1;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Reading whole = read(bytes, compressed, bytes.size());
  CHECK(read(bytes, compressed, 1 + data[0] / 2) == whole);
  return 0;
}
