// The request that opens a WebSocket connection, and its answers: RFC 6455, sections 4.2.1 and 4.2.2.
#include <fmt/core.h>
#include <openssl/evp.h>

#include <algorithm>
#include <vector>

#include "base/base64.h"
#include "net/websocket.h"

namespace sluice::websocket {
namespace {

constexpr std::string_view kMagic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Whether `word` is among the words of a list with commas, in any case.
bool lists(std::string_view list, std::string_view word) {
  for (;;) {
    size_t comma = list.find(',');
    if (same_word(trimmed(list.substr(0, comma)), word)) return true;
    if (comma == list.npos) return false;
    list.remove_prefix(comma + 1);
  }
}

std::string_view take_line(std::string_view& text) {
  size_t end = text.find("\r\n");
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 2);
  return line;
}

tl::unexpected<Refused> refuse(int status, std::string why) {
  return tl::unexpected(Refused{status, std::move(why)});
}

using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

// Values of several headers of one name are not joined: the first one counts.
std::optional<std::string_view> find(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (same_word(key, name)) return value;
  }
  return std::nullopt;
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

tl::expected<Upgrade, Refused> read_upgrade(std::string_view head) {
  std::string_view line = take_line(head);
  size_t first = line.find(' '), last = line.rfind(' ');
  if (first == line.npos || first == last || !line.substr(last + 1).starts_with("HTTP/1.")) {
    return refuse(400, "this is no request of HTTP/1.1");
  }
  std::string_view target = line.substr(first + 1, last - first - 1);
  if (line.substr(0, first) != "GET") return refuse(405, "a WebSocket is opened by GET");
  if (!target.starts_with('/')) return refuse(400, "the target of the request is no path");
  Headers headers;
  while (!(line = take_line(head)).empty()) {
    size_t colon = line.find(':');
    if (colon == line.npos || colon == 0) return refuse(400, "a header without a colon");
    headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
  }
  if (!find(headers, "host")) return refuse(400, "the header Host is missing");
  if (!lists(find(headers, "upgrade").value_or(""), "websocket") ||
      !lists(find(headers, "connection").value_or(""), "upgrade")) {
    return refuse(426, "this is a WebSocket server: open ws:// or wss:// here");
  }
  if (find(headers, "sec-websocket-version") != "13") {
    return refuse(426, "version 13 of WebSocket is spoken here");
  }
  std::string_view key = find(headers, "sec-websocket-key").value_or("");
  auto nonce = base64_decode(key);
  if (!nonce || nonce->size() != 16) return refuse(400, "Sec-WebSocket-Key is not 16 bytes in base64");
  Upgrade upgrade{.target = std::string(target),
                  .key = std::string(key),
                  .authorization = std::string(find(headers, "authorization").value_or(""))};
  if (auto origin = find(headers, "origin")) upgrade.origin = std::string(*origin);
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
