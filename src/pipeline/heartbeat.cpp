#include "pipeline/heartbeat.h"

#include <fmt/core.h>

namespace sluice {

Heartbeat::Heartbeat(std::unique_ptr<Encoder> encoder, std::shared_ptr<const RouteSetup> route)
    : encoder_(std::move(encoder)), route_(std::move(route)), last_(steady_now()) {}

bool Heartbeat::due() {
  SteadyTime now = steady_now();
  if (now - last_ < encoder_->heartbeat_interval()) return false;
  if (!heard_.exchange(false, std::memory_order_relaxed)) return false;
  last_ = now;
  return true;
}

Result<Delivery> Heartbeat::next(uint64_t sequence, const Position& position) {
  int64_t now = unix_us();
  batch_.reset();
  batch_.sequence = sequence;
  batch_.resume = position_ = position;
  batch_.transactions.push_back({.id = batch_.arena.copy(fmt::format("heartbeat-{}", now))});
  batch_.events.push_back({});
  batch_.changes.push_back({.op = Op::Ddl, .last = true});
  outbox_.clear();
  outbox_.begin(0);
  encoder_->heartbeat(now, outbox_);
  outbox_.end_message();
  route_.begin();
  SLUICE_TRY(route_.complete(batch_, batch_.changes[0], {}, outbox_.addresses[0], outbox_));
  return Delivery{batch_,     outbox_.messages, outbox_.bytes.view(), outbox_.messages.size(),
                  &position_, &outbox_};
}

}  // namespace sluice
