// WebSocket (RFC 6455) as a server speaks it: the opening handshake and the frames. Bytes to meaning and
// back; no socket, no clock. Of extensions there are none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace sluice::websocket {

enum class Opcode : uint8_t { More = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

// Close codes of section 7.4.1 and of IANA's registry.
enum Code : uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kInvalidText = 1007,
  kPolicy = 1008,
  kTooBig = 1009,
  kTryAgainLater = 1013,
};

constexpr size_t kMostHeader = 10;   // of a frame that a server sends
constexpr size_t kMostReason = 123;  // bytes of a Close frame's reason

// Writes the header of a whole, unmasked frame at `out`; returns its end.
char* put_header(char* out, Opcode opcode, uint64_t size);

// What a client asked for by the request that opens the connection.
struct Upgrade {
  std::string target;  // path and query
  std::string key;
  std::string authorization;
  std::optional<std::string> origin;
};
struct Refused {
  int status = 400;
  std::string why;
};
// `head`: up to and with the empty line.
tl::expected<Upgrade, Refused> read_upgrade(std::string_view head);
std::string answer(const Upgrade& upgrade);
std::string answer(const Refused& refused);

// How a client broke the protocol.
struct Breach {
  uint16_t code = kProtocolError;
  std::string why;
};

// A whole message, unmasked. Of Close the payload is the code and the reason, or empty.
struct Message {
  Opcode opcode = Opcode::Text;
  std::string_view payload;  // until the next call
};

// Takes a client's frames apart.
class Reader {
 public:
  // `most`: bytes of a message.
  explicit Reader(size_t most) : most_(most) {}

  void feed(std::string_view bytes);
  // Nothing: more is needed. After a breach, nothing more is to be read.
  tl::expected<std::optional<Message>, Breach> next();

 private:
  struct Frame {
    Opcode opcode = Opcode::More;
    bool final = false;
    size_t header = 0;
    uint64_t size = 0;
    const char* mask = nullptr;
  };
  // Nothing: its header is not whole.
  tl::expected<std::optional<Frame>, Breach> frame() const;
  std::optional<Breach> join(const Frame& frame);

  const size_t most_;
  std::string input_;
  size_t taken_ = 0;              // of input_
  Opcode opcode_ = Opcode::More;  // of the message in fragments; More: there is none
  size_t fragments_ = 0;
  std::string message_, control_;
};

}  // namespace sluice::websocket
