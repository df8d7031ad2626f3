#include "net/websocket.h"

#include <cstring>

#include "base/utf8.h"

namespace sluice::websocket {
namespace {

// So many parts of one message, which may be empty, and no more.
constexpr size_t kMostFragments = 1000;
constexpr size_t kMostControl = 125;

tl::unexpected<Breach> breach(uint16_t code, std::string why) {
  return tl::unexpected(Breach{code, std::move(why)});
}

uint64_t big_endian(const char* bytes, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

void unmask(char* bytes, size_t size, const char* mask) {
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(bytes[i] ^ mask[i & 3]);
}

// Section 7.4: what a client may send.
bool is_close_code(uint64_t code) {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

std::optional<Breach> check_close(std::string_view payload) {
  if (payload.empty()) return std::nullopt;
  if (payload.size() < 2 || !is_close_code(big_endian(payload.data(), 2))) {
    return Breach{kProtocolError, "a Close frame without a code that there is"};
  }
  if (!is_utf8(payload.substr(2))) return Breach{kInvalidText, "the reason of a Close frame is not UTF-8"};
  return std::nullopt;
}

}  // namespace

char* put_header(char* out, Opcode opcode, uint64_t size) {
  *out++ = static_cast<char>(0x80 | static_cast<uint8_t>(opcode));
  int bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
  *out++ = static_cast<char>(bytes == 0 ? size : bytes == 2 ? 126 : 127);
  while (bytes-- > 0) *out++ = static_cast<char>(size >> (8 * bytes));
  return out;
}

void Reader::feed(std::string_view bytes) {
  input_.erase(0, taken_);
  taken_ = 0;
  input_.append(bytes);
}

tl::expected<std::optional<Reader::Frame>, Breach> Reader::frame() const {
  std::string_view rest = std::string_view(input_).substr(taken_);
  if (rest.size() < 2) return std::nullopt;
  auto first = static_cast<unsigned char>(rest[0]), second = static_cast<unsigned char>(rest[1]);
  if (first & 0x70) return breach(kProtocolError, "a reserved bit is set, and no extension was agreed on");
  Frame frame{.opcode = static_cast<Opcode>(first & 15),
              .final = (first & 0x80) != 0,
              .header = 2,
              .size = second & 127u};
  bool control = (first & 8) != 0;
  if ((first & 7) > 2) return breach(kProtocolError, "an opcode that is not known");
  if (!(second & 0x80)) return breach(kProtocolError, "a frame without a mask");
  if (control && (!frame.final || frame.size > kMostControl)) {
    return breach(kProtocolError, "a control frame in fragments, or of more than 125 bytes");
  }
  if (frame.size >= 126) {
    size_t bytes = frame.size == 126 ? 2 : 8;
    frame.header += bytes;
    if (rest.size() < frame.header) return std::nullopt;
    frame.size = big_endian(rest.data() + 2, bytes);
    if (frame.size < (bytes == 2 ? 126u : 65536u)) {
      return breach(kProtocolError, "a length that is written longer than need be");
    }
  }
  if (frame.size > most_) return breach(kTooBig, "a message of more bytes than are taken");
  if (rest.size() < frame.header + 4) return std::nullopt;
  frame.mask = rest.data() + frame.header;
  frame.header += 4;
  return frame;
}

std::optional<Breach> Reader::join(const Frame& frame) {
  bool more = frame.opcode == Opcode::More;
  if (more != (opcode_ != Opcode::More)) {
    return Breach{kProtocolError, more ? "a continuation of nothing" : "a message within another one"};
  }
  if (!more) {
    opcode_ = frame.opcode;
    message_.clear();
    fragments_ = 0;
  }
  if (++fragments_ > kMostFragments || frame.size > most_ - message_.size()) {
    return Breach{kTooBig, "a message of more bytes or fragments than are taken"};
  }
  size_t begin = message_.size();
  message_.append(input_, taken_ + frame.header, frame.size);
  unmask(message_.data() + begin, frame.size, frame.mask);
  return std::nullopt;
}

tl::expected<std::optional<Message>, Breach> Reader::next() {
  for (;;) {
    auto found = frame();
    if (!found) return tl::unexpected(std::move(found).error());
    if (!*found || input_.size() - taken_ < (*found)->header + (*found)->size) return std::nullopt;
    const Frame frame = **found;
    size_t end = taken_ + frame.header + frame.size;
    if (static_cast<uint8_t>(frame.opcode) >= 8) {
      control_.assign(input_, taken_ + frame.header, frame.size);
      unmask(control_.data(), frame.size, frame.mask);
      taken_ = end;
      if (frame.opcode == Opcode::Close) {
        if (auto wrong = check_close(control_)) return tl::unexpected(std::move(*wrong));
      }
      return Message{frame.opcode, control_};
    }
    if (auto wrong = join(frame)) return tl::unexpected(std::move(*wrong));
    taken_ = end;
    if (!frame.final) continue;
    Opcode opcode = std::exchange(opcode_, Opcode::More);
    if (opcode == Opcode::Text && !is_utf8(message_)) {
      return breach(kInvalidText, "a text message that is not UTF-8");
    }
    return Message{opcode, message_};
  }
}

}  // namespace sluice::websocket
