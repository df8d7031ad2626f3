#include "sink/subscribers/framing.h"

#include <fmt/core.h>

#include <string>

#include "format/json_text.h"
#include "net/websocket.h"

namespace sluice::subscribers {
namespace {

char* put_little(char* out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) *out++ = static_cast<char>(value >> (8 * i));
  return out;
}

char* put_command(char* out, Cmd command, size_t content_size) {
  out = put_little(out, content_size + 2, 4);
  return put_little(out, static_cast<uint16_t>(command), 2);
}

std::string object(std::string_view word, std::string_view name, std::string_view value) {
  std::string text = fmt::format(R"({{"sluice":"{}")", word);
  if (!name.empty()) text += fmt::format(R"(,"{}":"{}")", name, json_text(value));
  return text + "}";
}

}  // namespace

Frame frame_of(Protocol protocol, size_t value_size, bool text) {
  Frame frame;
  char* end = frame.before;
  switch (protocol) {
    case Protocol::WebSocket:
      end =
          websocket::put_header(end, text ? websocket::Opcode::Text : websocket::Opcode::Binary, value_size);
      break;
    case Protocol::Delimiter: frame.after = kDelimiter; break;
    case Protocol::Command: end = put_command(end, Cmd::Event, value_size); break;
  }
  frame.before_size = static_cast<uint8_t>(end - frame.before);
  return frame;
}

void append_frame(Protocol protocol, std::string_view value, Bytes& out) {
  Frame frame = frame_of(protocol, value.size(), true);
  out.append({frame.before, frame.before_size});
  out.append(value);
  out.append(frame.after);
}

void append_command(Cmd command, std::string_view content, Bytes& out) {
  char* end = put_command(out.reserve(kCommandHeader), command, content.size());
  out.commit(end);
  out.append(content);
}

void append_tick(Protocol protocol, Bytes& out) {
  if (protocol == Protocol::Command) append_command(Cmd::Tick, "ok", out);
  if (protocol != Protocol::WebSocket) return;
  out.commit(websocket::put_header(out.reserve(websocket::kMostHeader), websocket::Opcode::Ping, 0));
}

void append_word(Protocol protocol, std::string_view word, std::string_view name, std::string_view value,
                 Bytes& out) {
  append_frame(protocol, object(word, name, value), out);
}

void append_farewell(Protocol protocol, uint16_t code, std::string_view why, Bytes& out) {
  if (protocol == Protocol::Command) return append_command(Cmd::Error, why, out);
  if (protocol == Protocol::Delimiter) return append_word(protocol, "error", "why", why, out);
  why = why.substr(0, websocket::kMostReason);
  out.commit(
      websocket::put_header(out.reserve(websocket::kMostHeader), websocket::Opcode::Close, why.size() + 2));
  out.push(static_cast<char>(code >> 8));
  out.push(static_cast<char>(code));
  out.append(why);
}

}  // namespace sluice::subscribers
