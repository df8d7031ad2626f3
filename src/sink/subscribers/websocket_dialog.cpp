#include "sink/subscribers/websocket_dialog.h"

#include <algorithm>

#include "base/url.h"

namespace sluice::subscribers {
namespace {

constexpr size_t kMostHead = 16 << 10;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    size_t comma = list.find(',');
    if (comma != 0) parts.emplace_back(list.substr(0, comma));
    list.remove_prefix(comma == list.npos ? list.size() : comma + 1);
  }
  return parts;
}

// The query says by names what a request says by members, lists with commas.
Result<Request> request_of(const std::string& target) {
  SLUICE_ASSIGN(url, parse_url("ws://here" + target));
  Request request;
  for (const auto& [name, value] : url.parameters) {
    if (name == "token") request.token = value;
    if (name == "after") request.after = value;
    if (name == "where") request.where = value;
    if (name == "subscribe") request.topics = split(value);
    if (name == "operations") request.operations = split(value);
  }
  return request;
}

}  // namespace

std::optional<websocket::Refused> WebSocketDialog::enter(const websocket::Upgrade& upgrade) {
  auto request = request_of(upgrade.target);
  if (!request) return websocket::Refused{400, "the query cannot be read"};
  // A browser sends the page's origin and lets every page connect to this machine: so who has no token must
  // not be a page that nobody has named.
  const auto& allowed = door_.origins;
  bool listed =
      upgrade.origin && (std::find(allowed.begin(), allowed.end(), "*") != allowed.end() ||
                         std::find(allowed.begin(), allowed.end(), *upgrade.origin) != allowed.end());
  bool must_be_listed = upgrade.origin && (!allowed.empty() || door_.tokens.empty());
  if (must_be_listed && !listed) {
    return websocket::Refused{403, "pages of this origin are not allowed; see the option origins"};
  }
  constexpr std::string_view kBearer = "Bearer ";
  if (upgrade.authorization.starts_with(kBearer))
    request->token = upgrade.authorization.substr(kBearer.size());
  if (request->token && !door_.opens_to(*request->token))
    return websocket::Refused{401, "the token is not known"};
  if (!request->token && !door_.tokens.empty()) {  // it has to say it in its first message
    early_ = std::move(*request);
    return std::nullopt;
  }
  if (auto applied = apply(*request); !applied) return websocket::Refused{400, applied.error().what};
  admitted_ = true;
  return std::nullopt;
}

bool WebSocketDialog::open(std::string_view head, Bytes& out) {
  auto upgrade = websocket::read_upgrade(head);
  auto refused = upgrade ? enter(*upgrade) : std::optional(upgrade.error());
  if (refused) {
    out.append(websocket::answer(*refused));
    refusal_ = std::move(refused->why);
    return false;
  }
  out.append(websocket::answer(*upgrade));
  open_ = true;
  return true;
}

bool WebSocketDialog::hear(const websocket::Message& message, Bytes& out) {
  using websocket::Opcode;
  switch (message.opcode) {
    case Opcode::Ping:
      out.commit(
          websocket::put_header(out.reserve(websocket::kMostHeader), Opcode::Pong, message.payload.size()));
      out.append(message.payload);
      return true;
    case Opcode::Close:  // answered with the code that it has
      goodbye_ = true;
      out.commit(websocket::put_header(out.reserve(websocket::kMostHeader), Opcode::Close,
                                       std::min<size_t>(message.payload.size(), 2)));
      out.append(message.payload.substr(0, 2));
      return false;
    case Opcode::Text:
      // What wing-binlog's pages send to keep the connection.
      if (message.payload.starts_with("tick")) return true;
      return request(message.payload, out);
    case Opcode::Binary: return refuse(1003, "requests are texts", out);
    default: return true;
  }
}

bool WebSocketDialog::take(std::string_view bytes, Bytes& out) {
  if (!open_) {
    size_t from = head_.size() < kHeadEnd.size() ? 0 : head_.size() - kHeadEnd.size();
    head_.append(bytes);
    size_t end = head_.find(kHeadEnd, from);
    size_t size = end == head_.npos ? head_.size() : end + kHeadEnd.size();
    if (size > kMostHead) {
      refusal_ = "the request is larger than 16 KiB";
      out.append(websocket::answer(websocket::Refused{431, refusal_}));
      return false;
    }
    if (end == head_.npos) return true;
    std::string head = std::exchange(head_, {});
    if (!open(std::string_view(head).substr(0, size), out)) return false;
    reader_.feed(std::string_view(head).substr(size));
  } else {
    reader_.feed(bytes);
  }
  for (;;) {
    auto message = reader_.next();
    if (!message) return refuse(message.error().code, std::move(message.error().why), out);
    if (!*message) return true;
    if (!hear(**message, out)) return false;
  }
}

}  // namespace sluice::subscribers
