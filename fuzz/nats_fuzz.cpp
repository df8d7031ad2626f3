// Any bytes as what a NATS server says: they are read the same however they are cut on their way, and what is
// read of an answer lies in it. And as a file of credentials.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "sink/nats/ack.h"
#include "sink/nats/credentials.h"
#include "sink/nats/frame_reader.h"

namespace {

using namespace sluice;
using namespace sluice::nats;

std::string read(std::string_view bytes, size_t portion) {
  FrameReader reader;
  std::string heard;
  while (!bytes.empty()) {
    reader.feed(bytes.substr(0, portion));
    bytes.remove_prefix(std::min(portion, bytes.size()));
    for (;;) {
      auto frame = reader.next();
      if (!frame) return heard + " and then no NATS";
      if (!*frame) break;
      const Frame& each = **frame;
      heard += fmt::format("{} {} {} {} {}\n", static_cast<int>(each.what), each.text, each.subject,
                           each.headers, each.body);
      Ack ack = parse_ack(each.headers, each.body);
      CHECK(ack.code != 0 || (ack.sequence > 0 && !ack.stream.empty()));
      heard += fmt::format("{} {} {} {}\n", ack.code, ack.reason, ack.stream, ack.sequence);
    }
  }
  return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 0) {
    auto made = Credentials::parse(bytes);
    CHECK(!made || (made->sign("nonce").size() == 86 && made->public_key.size() == 56));
    return 0;
  }
  CHECK(read(bytes, data[0]) == read(bytes, bytes.size()));
  return 0;
}
