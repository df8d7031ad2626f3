#include "sink/nats/connection.h"

#include <openssl/rand.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/clock.h"

namespace sluice::nats {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

constexpr size_t kMostKept = 2 << 20;     // kept as room for the next messages
constexpr size_t kMostPayload = 1 << 30;  // whatever a server says
constexpr std::string_view kVersionLine = "NATS/1.0\r\n";
static_assert(kVersionLine.size() + 2 == Connection::kAroundHeaders);

std::string random_word() {
  unsigned char bytes[11];
  CHECK(RAND_bytes(bytes, sizeof bytes) == 1);
  std::string word;
  for (unsigned char each : bytes) word += fmt::format("{:02x}", each);
  return word;
}

double seconds(milliseconds duration) { return std::chrono::duration<double>(duration).count(); }

// Keeps the answer to one request.
class Asking final : public Receiver {
 public:
  explicit Asking(uint64_t number) : number_(number) {}
  void answered(uint64_t number, std::string_view headers, std::string_view body) override {
    if (number != number_) return;
    came = true;
    answer = {std::string(headers), std::string(body)};
  }
  bool came = false;
  Connection::Answer answer;

 private:
  const uint64_t number_;
};

}  // namespace

Connection::Connection(const ConnectionSetup& setup, const Server& server, const Interrupt& interrupt)
    : setup_(setup),
      server_(server),
      interrupt_(interrupt),
      inbox_(fmt::format("_INBOX.{}.", random_word())) {}

Connection::~Connection() = default;

Result<std::unique_ptr<Connection>> Connection::open(const ConnectionSetup& setup, size_t number,
                                                     const Interrupt& interrupt) {
  const Server& server = setup.servers[number];
  std::unique_ptr<Connection> made(new Connection(setup, server, interrupt));
  StreamSetup plain = server.stream;
  // The server speaks first, in plain words.
  plain.tls.on = false;
  SLUICE_ASSIGN(stream, Stream::connect(plain, interrupt));
  made->stream_ = std::move(stream);
  SLUICE_TRY(made->greet());
  return made;
}

// The first frame that is not whole yet; what read() waits for is bounded by the stream's patience.
Result<Frame> Connection::await_frame() {
  for (;;) {
    auto frame = reader_.next();
    if (!frame) return while_doing(describe(), std::move(frame).error());
    if (*frame) return **frame;
    char room[16384];
    SLUICE_ASSIGN(taken, stream_->read(room, sizeof room));
    reader_.feed({room, taken});
  }
}

Result<void> Connection::greet() {
  SLUICE_ASSIGN(first, await_frame());
  if (first.what == Frame::What::Error) return refused(first.text);
  if (first.what != Frame::What::Info)
    return retryable("{}: it does not begin with INFO, as NATS does", describe());
  std::string nonce;
  bool tls = false;
  SLUICE_TRY(read_info(first.text, nonce, tls));
  if (tls && !server_.stream.tls.on) {
    return fatal("{} takes encrypted connections only: write tls:// for nats://", describe());
  }
  if (server_.stream.tls.on) {
    // Somebody in between could have put them there.
    if (reader_.pending() > 0) return retryable("{}: it says more than INFO before TLS begins", describe());
    SLUICE_TRY(stream_->encrypt(server_.stream.tls));
  }
  return log_in(nonce);
}

Result<void> Connection::read_info(std::string_view json, std::string& nonce, bool& tls) {
  Json info = Json::parse(json, nullptr, false);
  if (!info.is_object()) return retryable("{}: its INFO is no JSON", describe());
  auto flag = [&](const char* name) {
    return info.contains(name) && info[name].is_boolean() && info[name].get<bool>();
  };
  if (!flag("headers")) {
    return fatal("{} knows no headers, as NATS does from version 2.2 on; JetStream needs them", describe());
  }
  tls = flag("tls_required");
  if (server_.stream.tls.on && !tls && !flag("tls_available")) {
    return fatal("{} does not offer TLS, and tls:// asks for it", describe());
  }
  if (info.contains("max_payload") && info["max_payload"].is_number_unsigned()) {
    most_bytes_ = std::min<size_t>(info["max_payload"].get<size_t>(), kMostPayload);
  }
  if (info.contains("nonce") && info["nonce"].is_string()) nonce = info["nonce"].get<std::string>();
  return {};
}

Result<void> Connection::log_in(const std::string& nonce) {
  Json word = {{"verbose", false}, {"pedantic", false},
               {"lang", "c++"},    {"version", SLUICE_VERSION},
               {"name", "sluice"}, {"protocol", 1},
               {"headers", true},  {"no_responders", true},
               {"echo", false},    {"tls_required", server_.stream.tls.on}};
  if (!server_.user.empty()) {
    word["user"] = server_.user;
    word["pass"] = server_.password.reveal();
  }
  if (!server_.token.empty()) word["auth_token"] = server_.token.reveal();
  if (const Credentials& own = setup_.credentials; !own.seed.empty()) {
    if (nonce.empty()) return fatal("{} asks for no key: it has no users who log in by one", describe());
    word["sig"] = own.sign(nonce);
    if (own.token.empty()) {
      word["nkey"] = own.public_key;
    } else {
      word["jwt"] = own.token.reveal();
    }
  }
  // Whatever bytes a password has.
  SLUICE_TRY(stream_->write(fmt::format("CONNECT {}\r\nSUB {}* 1\r\nPING\r\n",
                                        word.dump(-1, ' ', false, Json::error_handler_t::replace), inbox_)));
  for (;;) {
    auto frame = await_frame();
    // A server may hang up on whom it refuses before its word is read.
    if (!frame) return while_doing("logging in", std::move(frame).error());
    if (frame->what == Frame::What::Error) return refused(frame->text);
    if (frame->what == Frame::What::Pong) return {};
    if (frame->what == Frame::What::Ping) SLUICE_TRY(stream_->write("PONG\r\n"));
  }
}

// Words of the server: server/errors.go, what is sent by closeConnection and by sendErr.
Failure Connection::refused(std::string_view words) const {
  bool passing = words.find("Maximum Connections") != words.npos || words.find("Stale") != words.npos ||
                 words.find("Slow Consumer") != words.npos;
  std::string told = fmt::format("{} refuses: {}", describe(), words);
  if (words.find("Permissions Violation") != words.npos) {
    told +=
        "; its user needs the right to publish at the subjects of the messages and at $JS.API.STREAM.>, and "
        "to "
        "subscribe to _INBOX.>";
  }
  return passing ? retryable("{}", told) : fatal("{}", told);
}

Result<Connection::Answer> Connection::ask(std::string_view subject, std::string_view body,
                                           std::string_view doing) {
  Asking asking(last_ + 1);
  publish(subject, {}, body);
  SLUICE_TRY(send(asking));
  SteadyTime end = steady_now() + setup_.patience;
  while (!asking.came) {
    auto left = std::chrono::duration_cast<milliseconds>(end - steady_now());
    if (left.count() <= 0) {
      return retryable("{} {}: no answer within {} s", doing, describe(), seconds(setup_.patience));
    }
    SLUICE_TRY(receive(asking, left));
  }
  return std::move(asking.answer);
}

uint64_t Connection::publish(std::string_view subject, std::string_view headers, std::string_view body) {
  constexpr size_t kRoomForNumbers = 80;
  char* begin = out_.reserve(subject.size() + inbox_.size() + headers.size() + body.size() + kRoomForNumbers);
  char* at = begin;
  auto put = [&](std::string_view text) { at += text.copy(at, text.size()); };
  auto put_number = [&](uint64_t number) { at = std::to_chars(at, at + 20, number).ptr; };
  ++last_;
  put(headers.empty() ? "PUB " : "HPUB ");
  put(subject);
  put(" ");
  put(inbox_);
  put_number(last_);
  put(" ");
  size_t head = headers.empty() ? 0 : kAroundHeaders + headers.size();
  if (head > 0) {
    put_number(head);
    put(" ");
  }
  put_number(head + body.size());
  put("\r\n");
  if (head > 0) {
    put(kVersionLine);
    put(headers);
    put("\r\n");
  }
  put(body);
  put("\r\n");
  out_.commit(at);
  return last_;
}

// Both ways at once: a server that answers may wait for us to read.
Result<void> Connection::send(Receiver& receiver) {
  SteadyTime end = steady_now() + setup_.patience;
  while (unsent() > 0) {
    SLUICE_ASSIGN(written, stream_->write_now(out_.view().substr(written_)));
    if (written > 0) {
      written_ += written;
      end = steady_now() + setup_.patience;
      continue;
    }
    SLUICE_TRY(stream_->wait(true, setup_.patience));
    SLUICE_TRY(receive(receiver, milliseconds(0)));
    if (steady_now() >= end) {
      return retryable("writing to {}: it takes nothing for {} s", describe(), seconds(setup_.patience));
    }
  }
  out_.clear();
  out_.shrink(kMostKept);
  written_ = 0;
  return {};
}

Result<bool> Connection::receive(Receiver& receiver, milliseconds patience) {
  char room[65536];
  SLUICE_ASSIGN(ready, stream_->wait(false, patience));
  if (!ready) return false;
  SLUICE_ASSIGN(taken, stream_->read_now(room, sizeof room));
  if (taken == 0) return false;
  reader_.feed({room, taken});
  for (;;) {
    auto frame = reader_.next();
    if (!frame) return while_doing(describe(), std::move(frame).error());
    if (!*frame) return true;
    SLUICE_TRY(take(**frame, receiver));
  }
}

Result<void> Connection::take(const Frame& frame, Receiver& receiver) {
  switch (frame.what) {
    case Frame::What::Ping: out_.append("PONG\r\n"); return {};
    case Frame::What::Error: return refused(frame.text);
    case Frame::What::Message: break;
    default: return {};  // INFO tells of other servers of the cluster
  }
  std::string_view subject = frame.subject;
  if (!subject.starts_with(inbox_)) return {};
  subject.remove_prefix(inbox_.size());
  uint64_t number = 0;
  auto [end, fault] = std::from_chars(subject.data(), subject.data() + subject.size(), number);
  if (fault == std::errc() && end == subject.data() + subject.size()) {
    receiver.answered(number, frame.headers, frame.body);
  }
  return {};
}

}  // namespace sluice::nats
