#include "sink/subscribers/dialog.h"

#include "crypto/hmac.h"
#include "net/websocket.h"
#include "sink/subscribers/command_dialog.h"
#include "sink/subscribers/delimiter_dialog.h"
#include "sink/subscribers/ring.h"
#include "sink/subscribers/row_rule.h"
#include "sink/subscribers/websocket_dialog.h"

namespace sluice::subscribers {

bool Door::opens_to(std::string_view token) const {
  bool opens = tokens.empty();
  for (const Secret& each : tokens) opens |= same_secret(each.reveal(), token);
  return opens;
}

std::unique_ptr<Dialog> Dialog::make(const Door& door) {
  switch (door.protocol) {
    case Protocol::WebSocket: return std::make_unique<WebSocketDialog>(door);
    case Protocol::Delimiter: return std::make_unique<DelimiterDialog>(door);
    case Protocol::Command: break;
  }
  return std::make_unique<CommandDialog>(door);
}

Result<void> Dialog::choose_rows(const Request& request, Subscription& wanted) const {
  if (request.where && !door_.rules) {
    return usage("where: conditions are not taken here; the sink's option client_where allows them");
  }
  if (request.where && request.where->empty()) wanted.set_rule(nullptr);
  if (request.where && !request.where->empty()) {
    SLUICE_ASSIGN(rule, door_.rules->find(*request.where));
    wanted.set_rule(std::move(rule));
  }
  bool others = request.topics || request.where;
  return others && door_.ring ? door_.ring->fits(wanted) : Result<void>();
}

Result<void> Dialog::apply(const Request& request) {
  // All of it or nothing.
  SLUICE_ASSIGN(operations, parse_operations(request.operations.value_or(std::vector<std::string>())));
  Subscription wanted = subscription_;
  if (request.topics) SLUICE_TRY(wanted.set_topics(*request.topics));
  if (request.operations) wanted.set_operations(operations);
  SLUICE_TRY(choose_rows(request, wanted));
  subscription_ = std::move(wanted);
  if (request.after) after_ = request.after;
  return {};
}

bool Dialog::request(std::string_view json, Bytes& out) {
  auto parsed = Request::parse(json);
  if (parsed && parsed->token) {
    if (!door_.opens_to(*parsed->token)) return refuse(websocket::kPolicy, "the token is not known", out);
    if (!admitted_) parsed->add(std::exchange(early_, {}));
    admitted_ = true;
  }
  if (!admitted_) return refuse(websocket::kPolicy, "a token is asked for first", out);
  auto applied = parsed ? apply(*parsed) : tl::unexpected(std::move(parsed).error());
  if (applied) {
    append_word(door_.protocol, "ok", "", "", out);
  } else {
    append_word(door_.protocol, "error", "why", applied.error().what, out);
  }
  return true;
}

bool Dialog::refuse(uint16_t code, std::string why, Bytes& out) {
  append_farewell(door_.protocol, code, why, out);
  refusal_ = std::move(why);
  return false;
}

}  // namespace sluice::subscribers
