// The dialog of a WebSocket client: the request that opens the connection, whose query may say what a request
// in JSON says, then requests in text messages.
#pragma once

#include "net/websocket.h"
#include "sink/subscribers/dialog.h"

namespace sluice::subscribers {

class WebSocketDialog final : public Dialog {
 public:
  explicit WebSocketDialog(const Door& door) : Dialog(door), reader_(Door::kMostBytes) { admitted_ = false; }
  bool take(std::string_view bytes, Bytes& out) override;

 private:
  bool open(std::string_view head, Bytes& out);
  // Nothing: it may come in.
  std::optional<websocket::Refused> enter(const websocket::Upgrade& upgrade);
  bool hear(const websocket::Message& message, Bytes& out);

  bool open_ = false;
  std::string head_;  // while it is not
  websocket::Reader reader_;
};

}  // namespace sluice::subscribers
