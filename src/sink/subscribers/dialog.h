// Dialog: what one client says and what it is told, in its protocol; messages aside. Bytes to meaning and
// back: no socket, no clock. One thread's own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/secret.h"
#include "sink/subscribers/framing.h"
#include "sink/subscribers/request.h"
#include "sink/subscribers/subscription.h"

namespace sluice::subscribers {

class Ring;
class RowRules;

// Who may come in, and how.
struct Door {
  Protocol protocol = Protocol::WebSocket;
  std::vector<Secret> tokens;        // none: everybody may
  std::vector<std::string> origins;  // of pages whose browsers may connect; `*`: all
  RowRules* rules = nullptr;         // that clients have; null: they may have none
  const Ring* ring = nullptr;        // whose tables rules must fit; null: none is known

  static constexpr size_t kMostBytes = 64 << 10;  // of what a client says at once

  bool opens_to(std::string_view token) const;
};

class Dialog {
 public:
  // `door` outlives it.
  static std::unique_ptr<Dialog> make(const Door& door);
  virtual ~Dialog() = default;

  // What came from the client; what it is answered is appended to `out`. False: the client is to go, as soon
  // as `out` is out.
  virtual bool take(std::string_view bytes, Bytes& out) = 0;

  // It gets changes from now on.
  bool admitted() const { return admitted_; }
  // It went by its own wish.
  bool said_goodbye() const { return goodbye_; }
  const Subscription& subscription() const { return subscription_; }
  // The id behind which it wants to go on, once it is admitted; once for each time that it asked.
  std::optional<std::string> take_after() { return std::exchange(after_, std::nullopt); }
  // Why it is to go; empty: it isn't, or went by itself.
  const std::string& refusal() const { return refusal_; }

 protected:
  explicit Dialog(const Door& door) : door_(door), admitted_(door.tokens.empty()) {}

  // Both append what there is to say. False: the client is to go.
  bool request(std::string_view json, Bytes& out);
  bool refuse(uint16_t code, std::string why, Bytes& out);
  Result<void> apply(const Request& request);
  Result<void> choose_rows(const Request& request, Subscription& wanted) const;

  const Door& door_;
  bool admitted_;
  bool goodbye_ = false;
  // What it asked for before it said the token: to look at it could tell of tables, and takes time.
  Request early_;
  Subscription subscription_;
  std::optional<std::string> after_;
  std::string refusal_;
};

}  // namespace sluice::subscribers
