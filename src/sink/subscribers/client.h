// Client: one subscriber, its connection, its dialog and its place in the ring. The server's thread owns it.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "net/listener.h"
#include "sink/subscribers/counts.h"
#include "sink/subscribers/dialog.h"
#include "sink/subscribers/ring.h"

namespace sluice::subscribers {

// What all clients of a server share; it outlives them.
struct Shared {
  Door door;
  std::chrono::milliseconds patience{10'000};       // until a client is admitted, and until it has gone
  std::chrono::milliseconds ping_interval{20'000};  // 0: never
  std::chrono::milliseconds idle_timeout{60'000};   // without a byte from the client; 0: never
  size_t buffer_bytes = 0;                          // for words
  const Ring* ring = nullptr;
  Counts* counts = nullptr;
};

class Client {
 public:
  // `crowded`: there are too many already, which it is told, and goes.
  Client(std::unique_ptr<Peer> peer, const Shared& shared, bool crowded, SteadyTime now);
  ~Client();

  int descriptor() const { return peer_->descriptor(); }
  // These return false when the connection is over. Each does a bounded part of what there is to do.
  bool read(SteadyTime now);
  bool write(SteadyTime now);
  bool tick(SteadyTime now);

  // Whether write() is to be called when the connection takes more, or others had their turn; else when the
  // ring has more.
  bool waits_to_write() const {
    return (waits_to_write_ && !peer_->writes_by_reading()) || peer_->reads_by_writing();
  }
  // Notes what its connection is watched for from now on; false: that is so already.
  bool watch(uint32_t events) { return std::exchange(watched_, events) != events; }
  // Tells it to go, with the reason, once it has what the ring has.
  void dismiss(uint16_t code, std::string why, SteadyTime now);

 private:
  enum class Stage : uint8_t {
    Entering,  // not yet admitted
    Live,
    Ending,  // gets what the ring has and then the last word
    Leaving  // has the last word before it, or behind it
  };

  void turn_away(SteadyTime now);
  void go(SteadyTime now, std::string_view why);
  void tell(std::string_view why) const;
  void cut_off(SteadyTime now);
  void misfits(const std::string& why, SteadyTime now);
  void resume(const std::string& after);
  // Chooses what is sent next. False: there is nothing.
  bool choose(SteadyTime now);

  const std::unique_ptr<Peer> peer_;
  const Shared& shared_;
  const std::unique_ptr<Dialog> dialog_;
  const bool crowded_;
  Stage stage_ = Stage::Entering;
  SteadyTime since_;  // of the stage
  SteadyTime heard_, pinged_;
  Ring::Reader reader_;
  Ring::Run run_;          // holds what is being sent, where that is of the ring
  Bytes words_;            // to be sent before anything else
  Bytes sending_words_;    // and those that are being sent
  std::string_view rest_;  // of what is being sent
  bool waits_to_write_ = false;
  uint32_t watched_ = 1;   // EPOLLIN
  bool said_all_ = false;  // nothing more will be written
  uint16_t farewell_code_ = 0;
  std::string farewell_;
};

}  // namespace sluice::subscribers
