// How messages and the server's own words stand on the wire, in each of the protocols.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace sluice::subscribers {

enum class Protocol : uint8_t {
  WebSocket,  // RFC 6455, a message of it each
  Delimiter,  // of wing-binlog 2.2: the message, then kDelimiter
  Command,    // of wing-binlog-go: length, command, content
};

constexpr std::string_view kDelimiter = "\r\n\r\n\r\n";

// Commands of wing-binlog-go's frames: uint32 length of what follows, uint16 command, content, the numbers
// with the low byte first.
enum class Cmd : uint16_t { SetTopic = 0, Auth = 1, Error = 2, Tick = 3, Event = 4, Position = 9 };
constexpr size_t kCommandHeader = 6;

// What stands around a message.
struct Frame {
  char before[10];
  uint8_t before_size = 0;
  std::string_view after;
};
// `text`: the value is UTF-8.
Frame frame_of(Protocol protocol, size_t value_size, bool text);

void append_frame(Protocol protocol, std::string_view value, Bytes& out);
void append_command(Cmd command, std::string_view content, Bytes& out);
// That the server is there; nothing with Delimiter, whose clients alone say so.
void append_tick(Protocol protocol, Bytes& out);
// An object of JSON with the member `sluice`, which no change has: not with Command.
void append_word(Protocol protocol, std::string_view word, std::string_view name, std::string_view value,
                 Bytes& out);
// The last word before the connection is closed; `code` is WebSocket's.
void append_farewell(Protocol protocol, uint16_t code, std::string_view why, Bytes& out);

}  // namespace sluice::subscribers
