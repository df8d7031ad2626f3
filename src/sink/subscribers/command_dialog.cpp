#include "sink/subscribers/command_dialog.h"

#include "net/websocket.h"

namespace sluice::subscribers {
namespace {

// The first byte of a SetTopic's content.
constexpr char kSubscribe = 0, kPing = 1;

uint64_t little_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace

bool CommandDialog::set_topic(std::string_view content, Bytes& out) {
  if (content.empty() || (content[0] != kSubscribe && content[0] != kPing)) {
    append_command(Cmd::Error, "a topic begins with the byte 0, a ping with 1", out);
    return true;
  }
  if (content[0] == kSubscribe) {
    if (auto added = subscription_.add_topic(content.substr(1)); !added) {
      append_command(Cmd::Error, added.error().what, out);
      return true;
    }
  }
  append_command(Cmd::SetTopic, "ok", out);
  return true;
}

bool CommandDialog::hear(uint16_t command, std::string_view content, Bytes& out) {
  if (command == static_cast<uint16_t>(Cmd::Auth)) {
    if (!door_.opens_to(content)) return refuse(websocket::kPolicy, "the token is not known", out);
    admitted_ = true;
    append_command(Cmd::Auth, "ok", out);
    return true;
  }
  if (command == static_cast<uint16_t>(Cmd::Tick)) {
    append_command(Cmd::Tick, "ok", out);
    return true;
  }
  if (!admitted_) return refuse(websocket::kPolicy, "a token is asked for first, by the command 1", out);
  if (command == static_cast<uint16_t>(Cmd::SetTopic)) return set_topic(content, out);
  if (command == static_cast<uint16_t>(Cmd::Position)) {
    after_ = content;
    append_command(Cmd::Position, "ok", out);
    return true;
  }
  append_command(Cmd::Error, fmt::format("the command {} is not for subscribers", command), out);
  return true;
}

bool CommandDialog::take(std::string_view bytes, Bytes& out) {
  input_.append(bytes);
  std::string_view rest = input_;
  while (rest.size() >= kCommandHeader) {
    uint64_t size = little_endian(rest.substr(0, 4));
    if (size < 2 || size > Door::kMostBytes) {
      return refuse(websocket::kProtocolError, fmt::format("a frame of {} bytes, of 2 to 65536", size), out);
    }
    if (rest.size() - 4 < size) break;
    auto command = static_cast<uint16_t>(little_endian(rest.substr(4, 2)));
    if (!hear(command, rest.substr(kCommandHeader, size - 2), out)) return false;
    rest.remove_prefix(4 + size);
  }
  input_.erase(0, input_.size() - rest.size());
  return true;
}

}  // namespace sluice::subscribers
