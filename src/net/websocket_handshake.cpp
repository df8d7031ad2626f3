// The request that opens a WebSocket connection, and its answers: RFC 6455, sections 4.2.1 and 4.2.2.
#include <fmt/core.h>
#include <openssl/evp.h>

#include "base/base64.h"
#include "net/http_head.h"
#include "net/websocket.h"

namespace sluice::websocket {
namespace {

constexpr std::string_view kMagic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

tl::unexpected<Refused> refuse(int status, std::string why) {
  return tl::unexpected(Refused{status, std::move(why)});
}

std::string_view reason_of(int status) {
  switch (status) {
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 405: return "Method Not Allowed";
    case 426: return "Upgrade Required";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    default: return "Bad Request";
  }
}

}  // namespace

tl::expected<Upgrade, Refused> read_upgrade(std::string_view bytes) {
  auto head = HttpHead::read(bytes);
  if (!head) return refuse(400, std::move(head).error());
  if (head->method != "GET") return refuse(405, "a WebSocket is opened by GET");
  if (!head->header("host")) return refuse(400, "the header Host is missing");
  if (!head->lists("upgrade", "websocket") || !head->lists("connection", "upgrade")) {
    return refuse(426, "this is a WebSocket server: open ws:// or wss:// here");
  }
  if (head->header("sec-websocket-version") != "13") {
    return refuse(426, "version 13 of WebSocket is spoken here");
  }
  std::string_view key = head->header("sec-websocket-key").value_or("");
  auto nonce = base64_decode(key);
  if (!nonce || nonce->size() != 16) return refuse(400, "Sec-WebSocket-Key is not 16 bytes in base64");
  Upgrade upgrade{.target = std::string(head->target),
                  .key = std::string(key),
                  .authorization = std::string(head->header("authorization").value_or(""))};
  if (auto origin = head->header("origin")) upgrade.origin = std::string(*origin);
  return upgrade;
}

std::string answer(const Upgrade& upgrade) {
  std::string text = upgrade.key;
  text += kMagic;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr);
  std::string accept(base64_size(size), '\0');
  base64_encode(accept.data(), {reinterpret_cast<const char*>(digest), size});
  return fmt::format(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: {}\r\n\r\n",
      accept);
}

std::string answer(const Refused& refused) {
  std::string_view more = refused.status == 426   ? "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                          : refused.status == 401 ? "WWW-Authenticate: Bearer\r\n"
                                                  : "";
  return fmt::format(
      "HTTP/1.1 {} {}\r\n{}Content-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}\n",
      refused.status, reason_of(refused.status), more, refused.why.size() + 1, refused.why);
}

}  // namespace sluice::websocket
