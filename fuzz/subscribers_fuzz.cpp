// Any bytes as what a subscriber sends: it is answered the same however they are cut on their way, is never
// let in without the token, and what is kept of it is bounded. A byte of options, then the stream.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "sink/subscribers/dialog.h"
#include "sink/subscribers/row_rule.h"

namespace {

using namespace sluice;
using namespace sluice::subscribers;

struct Heard {
  std::string out, after;
  bool stays = true, admitted = false;
  bool operator==(const Heard&) const = default;
};

Heard hear(const Door& door, std::string_view bytes, size_t portion) {
  auto dialog = Dialog::make(door);
  Heard heard;
  Bytes out;
  while (heard.stays && !bytes.empty()) {
    heard.stays = dialog->take(bytes.substr(0, portion), out);
    bytes.remove_prefix(std::min(portion, bytes.size()));
    if (auto after = dialog->take_after()) heard.after = *after;
  }
  CHECK(heard.stays || dialog->said_goodbye() != !dialog->refusal().empty());
  heard.out = out.view();
  heard.admitted = dialog->admitted();
  (void)dialog->subscription().wants("shop.orders");
  return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  Door door{.protocol = static_cast<Protocol>(data[0] % 3)};
  RowRules rules;
  door.rules = &rules;
  if (data[0] & 4) door.tokens.emplace_back("a token that no input has in it");
  std::string stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  // Most inputs would not get past the door of a WebSocket.
  if (data[0] & 8) {
    stream.insert(0,
                  "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  }
  Heard whole = hear(door, stream, std::max<size_t>(stream.size(), 1));
  CHECK(!whole.admitted || door.tokens.empty());
  CHECK(hear(door, stream, 1 + data[0] / 16) == whole);
  return 0;
}
