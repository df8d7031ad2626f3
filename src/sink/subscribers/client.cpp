#include "sink/subscribers/client.h"

#include "base/log.h"
#include "net/websocket.h"
#include "sink/subscribers/change_id.h"

namespace sluice::subscribers {
namespace {

constexpr size_t kReadBytes = 64 << 10;
// Of what one client is sent before another has its turn.
constexpr size_t kTurnBytes = 1 << 20;
// Answers that a client does not read.
constexpr size_t kMostWords = 256 << 10;
constexpr size_t kKeepWords = 4 << 10;

}  // namespace

Client::Client(std::unique_ptr<Peer> peer, const Shared& shared, bool crowded, SteadyTime now)
    : peer_(std::move(peer)),
      shared_(shared),
      dialog_(Dialog::make(shared.door)),
      crowded_(crowded),
      since_(now),
      heard_(now),
      pinged_(now) {
  ++shared_.counts->clients;
  // A client of HTTP is answered when it has asked, others may never say anything.
  if (crowded && shared.door.protocol != Protocol::WebSocket) turn_away(now);
  if (crowded || !dialog_->admitted()) return;
  stage_ = Stage::Live;
  reader_ = shared_.ring->end();
}

Client::~Client() { --shared_.counts->clients; }

void Client::turn_away(SteadyTime now) {
  std::string why = "there are as many subscribers as there may be";
  if (shared_.door.protocol == Protocol::WebSocket) {
    words_.append(websocket::answer(websocket::Refused{503, why}));
  } else {
    append_farewell(shared_.door.protocol, websocket::kTryAgainLater, why, words_);
  }
  go(now, why);
}

void Client::tell(std::string_view why) const {
  ++shared_.counts->refused;
  log::info("subscriber {} is sent away: {}", peer_->name(), why);
}

void Client::go(SteadyTime now, std::string_view why) {
  if (!why.empty()) tell(why);
  stage_ = Stage::Leaving;
  since_ = now;
}

void Client::misfits(const std::string& why, SteadyTime now) {
  // A close frame has no room for all of it, a log none for what clients write.
  append_word(shared_.door.protocol, "error", "why", why, words_);
  constexpr std::string_view kWhy = "your condition does not fit what comes next";
  append_farewell(shared_.door.protocol, websocket::kPolicy, kWhy, words_);
  go(now, "its condition does not fit what comes next");
}

void Client::cut_off(SteadyTime now) {
  ++shared_.counts->cut_off;
  log::warning("subscriber {} is cut off: what it is to get next has left the buffer of {} bytes",
               peer_->name(), shared_.buffer_bytes);
  append_farewell(shared_.door.protocol, websocket::kTryAgainLater,
                  "too slow: what comes next is not held any more", words_);
  stage_ = Stage::Leaving;
  since_ = now;
}

void Client::dismiss(uint16_t code, std::string why, SteadyTime now) {
  if (stage_ == Stage::Leaving) return;
  if (stage_ == Stage::Live) {  // others may not even have opened the protocol's part
    farewell_code_ = code;
    farewell_ = std::move(why);
  }
  stage_ = stage_ == Stage::Live ? Stage::Ending : Stage::Leaving;
  since_ = now;
}

void Client::resume(const std::string& after) {
  if (after.empty()) {
    reader_ = shared_.ring->begin();
  } else if (auto found = shared_.ring->behind(change_id(after))) {
    reader_ = std::move(*found);
  } else {
    reader_ = shared_.ring->begin();
    if (shared_.door.protocol == Protocol::Command) {
      append_command(Cmd::Error, "gap: changes behind that position are not held any more", words_);
    } else {
      append_word(shared_.door.protocol, "gap", "after", after, words_);
    }
  }
}

bool Client::read(SteadyTime now) {
  char room[kReadBytes];
  auto taken = peer_->read(room, sizeof room);
  if (!taken) return false;
  if (*taken == 0) return true;
  heard_ = now;
  if (stage_ == Stage::Ending || stage_ == Stage::Leaving) return true;  // it has said enough
  if (crowded_) {
    turn_away(now);
    return true;
  }
  bool stays = dialog_->take({room, *taken}, words_);
  if (stage_ == Stage::Entering && dialog_->admitted()) {
    stage_ = Stage::Live;
    reader_ = shared_.ring->end();
  }
  if (stage_ == Stage::Live) {
    if (auto after = dialog_->take_after()) resume(*after);
  }
  if (!stays) {
    go(now, dialog_->refusal());
  } else if (words_.size() > kMostWords) {
    tell("it asks and does not read the answers");  // nor would it read a last word
    return false;
  }
  return true;
}

bool Client::choose(SteadyTime now) {
  run_ = {};
  sending_words_.clear();
  if (stage_ == Stage::Live || stage_ == Stage::Ending) {
    if (words_.empty()) {
      run_ = shared_.ring->next(reader_, dialog_->subscription());
      rest_ = run_.bytes;
      if (run_.lost) cut_off(now);
      if (run_.misfit) misfits(run_.misfit->what, now);
      if (run_.holds) return true;
    }
  }
  if (words_.empty() && (stage_ == Stage::Ending || stage_ == Stage::Leaving) && !farewell_.empty()) {
    stage_ = Stage::Leaving;
    append_farewell(shared_.door.protocol, farewell_code_, std::exchange(farewell_, {}), words_);
  }
  if (words_.empty()) return false;
  sending_words_.swap(words_);
  words_.shrink(kKeepWords);
  rest_ = sending_words_.view();
  return true;
}

bool Client::write(SteadyTime now) {
  waits_to_write_ = false;
  for (size_t sent = 0; !said_all_;) {
    if (rest_.empty() && !choose(now)) {
      waits_to_write_ = run_.more;
      if (run_.more) return true;
      if (stage_ != Stage::Leaving) return true;
      said_all_ = true;
      peer_->end_writing();
      return true;
    }
    auto written = peer_->write(rest_);
    if (!written) return false;
    shared_.counts->bytes += *written;
    rest_.remove_prefix(*written);
    sent += *written;
    if (rest_.empty()) shared_.counts->messages += run_.messages;
    if (*written == 0 || sent >= kTurnBytes || (rest_.empty() && run_.more)) {
      waits_to_write_ = true;
      return true;
    }
  }
  return true;
}

bool Client::tick(SteadyTime now) {
  if (stage_ == Stage::Leaving || stage_ == Stage::Ending) return now - since_ < shared_.patience;
  if (stage_ == Stage::Entering) {
    if (now - since_ < shared_.patience) return true;
    go(now, "it has not come in within the time that there is");
    return false;
  }
  // It may not even come to the end of what is being sent.
  if (!shared_.ring->has(reader_)) {
    cut_off(now);
    return write(now);
  }
  if (shared_.idle_timeout.count() > 0 && now - heard_ >= shared_.idle_timeout) {
    tell(fmt::format("nothing came from it for {} s",
                     std::chrono::duration<double>(shared_.idle_timeout).count()));
    dismiss(websocket::kPolicy, "nothing was heard of you", now);
    stage_ = Stage::Leaving;
    return write(now);
  }
  if (shared_.ping_interval.count() > 0 && now - pinged_ >= shared_.ping_interval) {
    pinged_ = now;
    if (words_.empty()) append_tick(shared_.door.protocol, words_);
    return write(now);
  }
  return true;
}

}  // namespace sluice::subscribers
