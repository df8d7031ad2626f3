#include "sink/rabbitmq/channel.h"

#include <amqp.h>
#include <amqp_framing.h>

#include <algorithm>
#include <array>

#include "base/check.h"

namespace sluice::rabbitmq {
namespace {

using std::chrono::milliseconds;

constexpr uint16_t kChannel = 1;
constexpr uint8_t kVersion = 'A';   // what librabbitmq calls a frame that is the protocol's header
constexpr size_t kFrameAround = 8;  // AMQP 0-9-1, 4.2.3: type, channel and size before, the end octet behind
constexpr size_t kMostFrame = 128 << 10;  // RabbitMQ's own bound
constexpr size_t kMostUnsent = 2 << 20;   // kept as room for the next messages

amqp_bytes_t bytes_of(std::string_view text) { return {text.size(), const_cast<char*>(text.data())}; }
std::string_view text_of(const amqp_bytes_t& bytes) {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}

char* put(char* at, uint64_t number, int size) {
  for (int i = size; i-- > 0;) *at++ = static_cast<char>(number >> (8 * i));
  return at;
}

// Where the content goes; end_frame() fills in its size.
char* begin_frame(Bytes& out, uint8_t type, uint16_t channel, size_t room) {
  char* at = out.reserve(room + kFrameAround);
  return put(put(at, type, 1), channel, 2) + 4;
}

void end_frame(Bytes& out, char* content, size_t size) {
  put(content - 4, size, 4);
  out.commit(put(content + size, AMQP_FRAME_END, 1));
}

amqp_table_entry_t entry(std::string_view name, std::string_view value) {
  amqp_table_entry_t made{.key = bytes_of(name), .value = {.kind = AMQP_FIELD_KIND_UTF8, .value = {}}};
  made.value.value.bytes = bytes_of(value);
  return made;
}

amqp_table_entry_t entry(std::string_view name, bool value) {
  amqp_table_entry_t made{.key = bytes_of(name), .value = {.kind = AMQP_FIELD_KIND_BOOLEAN, .value = {}}};
  made.value.value.boolean = value;
  return made;
}

// Whether what the broker refuses stays refused until somebody changes something there.
bool is_lasting(uint16_t code) {
  return code == AMQP_ACCESS_REFUSED || code == AMQP_NOT_FOUND || code == AMQP_PRECONDITION_FAILED ||
         code == AMQP_NOT_ALLOWED || code == AMQP_NOT_IMPLEMENTED || code == AMQP_COMMAND_INVALID ||
         code == AMQP_INVALID_PATH || code == AMQP_RESOURCE_LOCKED;
}

// While the channel is opened nothing is under way.
class Nobody final : public Receiver {
 public:
  void confirmed(uint64_t, bool, bool) override {}
  void returned(std::string_view, std::string_view, std::string) override {}
};

}  // namespace

Channel::Channel(const ChannelSetup& setup)
    : setup_(setup), codec_(amqp_new_connection(), amqp_destroy_connection) {
  CHECK(codec_);
}

Channel::~Channel() = default;

Result<std::unique_ptr<Channel>> Channel::open(const ChannelSetup& setup, const Interrupt& interrupt) {
  std::unique_ptr<Channel> made(new Channel(setup));
  SLUICE_ASSIGN(stream, Stream::connect(setup.server, interrupt));
  made->stream_ = std::move(stream);
  made->last_sent_ = made->last_heard_ = steady_now();
  SLUICE_TRY(made->greet());
  amqp_channel_open_t channel{};
  SLUICE_TRY(
      made->ask(AMQP_CHANNEL_OPEN_METHOD, &channel, AMQP_CHANNEL_OPEN_OK_METHOD, "opening a channel at"));
  amqp_confirm_select_t confirm{};
  SLUICE_TRY(made->ask(AMQP_CONFIRM_SELECT_METHOD, &confirm, AMQP_CONFIRM_SELECT_OK_METHOD,
                       "asking for confirmations from"));
  return made;
}

Result<void> Channel::greet() {
  Nobody nobody;
  out_.append({"AMQP\0\0\x09\x01", 8});
  SLUICE_TRY(send(nobody));
  at_awaited_ = &Channel::log_in;
  SLUICE_TRY(await(AMQP_CONNECTION_START_METHOD, "greeting"));
  SLUICE_TRY(send(nobody));
  at_awaited_ = &Channel::tune;
  SLUICE_TRY(await(AMQP_CONNECTION_TUNE_METHOD, "logging in to"));
  at_awaited_ = nullptr;
  std::string doing = fmt::format("opening the virtual host '{}' of", setup_.vhost);
  amqp_connection_open_t host{.virtual_host = bytes_of(setup_.vhost)};
  append_method(0, AMQP_CONNECTION_OPEN_METHOD, &host);
  SLUICE_TRY(send(nobody));
  return await(AMQP_CONNECTION_OPEN_OK_METHOD, doing);
}

Result<void> Channel::log_in(const amqp_method_t_& start) {
  const auto& greeting = *static_cast<const amqp_connection_start_t*>(start.decoded);
  std::string mechanisms = fmt::format(" {} ", text_of(greeting.mechanisms));
  // A certificate is a login of its own, where none is given and the broker takes it.
  bool certificate = setup_.user.empty() && !setup_.server.tls.certificate.empty();
  std::string_view mechanism = certificate ? "EXTERNAL" : "PLAIN";
  if (mechanisms.find(fmt::format(" {} ", mechanism)) == mechanisms.npos) {
    return fatal("logging in to {}: it knows{}and not {}", setup_.server.describe(), mechanisms, mechanism);
  }
  std::string word =
      certificate ? "" : fmt::format("{}{}{}{}", '\0', setup_.user, '\0', setup_.password.reveal());
  // With authentication_failure_close it tells why a login fails before it hangs up.
  std::array abilities = {entry("publisher_confirms", true), entry("basic.nack", true),
                          entry("connection.blocked", true), entry("authentication_failure_close", true)};
  amqp_table_entry_t able{.key = bytes_of("capabilities"),
                          .value = {.kind = AMQP_FIELD_KIND_TABLE, .value = {}}};
  able.value.value.table = {static_cast<int>(abilities.size()), abilities.data()};
  std::array about = {entry("product", "Sluice"), entry("version", SLUICE_VERSION),
                      entry("connection_name", "sluice"), able};
  amqp_connection_start_ok_t answer{.client_properties = {static_cast<int>(about.size()), about.data()},
                                    .mechanism = bytes_of(mechanism),
                                    .response = bytes_of(word),
                                    .locale = bytes_of("en_US")};
  append_method(0, AMQP_CONNECTION_START_OK_METHOD, &answer);
  return {};
}

Result<void> Channel::tune(const amqp_method_t_& offer) {
  const auto& limits = *static_cast<const amqp_connection_tune_t*>(offer.decoded);
  frame_max_ = limits.frame_max == 0 ? kMostFrame : std::min<size_t>(limits.frame_max, kMostFrame);
  amqp_tune_connection(codec_.get(), 0, static_cast<int>(frame_max_), 0);
  amqp_connection_tune_ok_t answer{.channel_max = kChannel,
                                   .frame_max = static_cast<uint32_t>(frame_max_),
                                   .heartbeat = static_cast<uint16_t>(setup_.heartbeat.count())};
  append_method(0, AMQP_CONNECTION_TUNE_OK_METHOD, &answer);
  return {};
}

void Channel::append_method(uint16_t channel, uint32_t method, void* arguments) {
  size_t room = frame_max_ - kFrameAround;
  char* content = begin_frame(out_, AMQP_FRAME_METHOD, channel, room);
  put(content, method, 4);
  int size = amqp_encode_method(method, arguments, {room - 4, content + 4});
  CHECK(size >= 0);
  end_frame(out_, content, static_cast<size_t>(size) + 4);
}

Result<void> Channel::ask(uint32_t method, void* arguments, uint32_t answer, std::string_view doing) {
  Nobody nobody;
  append_method(kChannel, method, arguments);
  SLUICE_TRY(send(nobody));
  return await(answer, doing);
}

Result<void> Channel::await(uint32_t method, std::string_view doing) {
  Nobody nobody;
  awaited_ = method;
  doing_ = doing;
  SteadyTime end = steady_now() + setup_.server.patience;
  while (awaited_ != 0) {
    auto left = std::chrono::duration_cast<milliseconds>(end - steady_now());
    if (left.count() <= 0) {
      return retryable("{} {}: no answer within {} s", doing, setup_.server.describe(),
                       std::chrono::duration<double>(setup_.server.patience).count());
    }
    SLUICE_TRY(receive(nobody, std::min(left, slice())));
  }
  doing_.clear();
  return {};
}

void Channel::say_goodbye() {
  if (unsent() > 0) return;  // perhaps half of a frame
  out_.clear();
  written_ = 0;
  amqp_connection_close_t why{.reply_code = AMQP_REPLY_SUCCESS, .reply_text = bytes_of("the end")};
  append_method(0, AMQP_CONNECTION_CLOSE_METHOD, &why);
  (void)stream_->write_now(out_.view());
}

bool Channel::publish(const Outgoing& message) {
  size_t before = out_.size();
  amqp_basic_publish_t method{.exchange = bytes_of(message.exchange),
                              .routing_key = bytes_of(message.routing_key),
                              .mandatory = message.mandatory};
  append_method(kChannel, AMQP_BASIC_PUBLISH_METHOD, &method);

  std::vector<amqp_table_entry_t> headers;
  for (auto [name, value] : message.headers) headers.push_back(entry(name, value));
  amqp_basic_properties_t about{._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG |
                                          AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_CORRELATION_ID_FLAG};
  about.content_type = bytes_of(message.content_type);
  about.delivery_mode = message.persistent ? 2 : 1;
  about.message_id = about.correlation_id = bytes_of(message.id);
  if (!headers.empty()) {
    about._flags |= AMQP_BASIC_HEADERS_FLAG;
    about.headers = {static_cast<int>(headers.size()), headers.data()};
  }
  if (!message.expiration.empty()) {
    about._flags |= AMQP_BASIC_EXPIRATION_FLAG;
    about.expiration = bytes_of(message.expiration);
  }
  size_t room = frame_max_ - kFrameAround;
  char* content = begin_frame(out_, AMQP_FRAME_HEADER, kChannel, room);
  char* at = put(put(put(content, AMQP_BASIC_CLASS, 2), 0, 2), message.body.size(), 8);
  int size = amqp_encode_properties(AMQP_BASIC_CLASS, &about, {room - 12, at});
  if (size < 0) {
    out_.truncate(before);
    return false;
  }
  end_frame(out_, content, static_cast<size_t>(size) + 12);

  for (std::string_view rest = message.body; !rest.empty();) {
    std::string_view part = rest.substr(0, room);
    content = begin_frame(out_, AMQP_FRAME_BODY, kChannel, part.size());
    part.copy(content, part.size());
    end_frame(out_, content, part.size());
    rest.remove_prefix(part.size());
  }
  return true;
}

// Both ways at once: a broker that returns messages may write while we do.
Result<void> Channel::send(Receiver& receiver) {
  SteadyTime end = steady_now() + setup_.server.patience;
  while (unsent() > 0 && blocked_.empty()) {
    SLUICE_ASSIGN(written, stream_->write_now(out_.view().substr(written_)));
    if (written > 0) {
      written_ += written;
      last_sent_ = steady_now();
      end = last_sent_ + setup_.server.patience;
      continue;
    }
    SLUICE_TRY(stream_->wait(true, slice()));
    SLUICE_TRY(receive(receiver, milliseconds(0)));
    if (steady_now() >= end && blocked_.empty()) {
      return retryable("writing to {}: it takes nothing for {} s", setup_.server.describe(),
                       std::chrono::duration<double>(setup_.server.patience).count());
    }
  }
  if (unsent() > 0) return {};
  out_.clear();
  out_.shrink(kMostUnsent);
  written_ = 0;
  return {};
}

Result<bool> Channel::receive(Receiver& receiver, milliseconds patience) {
  char room[65536];
  SLUICE_ASSIGN(ready, stream_->wait(false, patience));
  bool some = false;
  while (ready) {
    SLUICE_ASSIGN(taken, stream_->read_now(room, sizeof room));
    if (taken == 0) break;
    some = true;
    last_heard_ = steady_now();
    SLUICE_TRY(feed({room, taken}, receiver));
    if (taken < sizeof room) break;
  }
  SLUICE_TRY(beat());
  return some;
}

Result<void> Channel::feed(std::string_view bytes, Receiver& receiver) {
  while (!bytes.empty()) {
    amqp_frame_t frame{};
    int taken = amqp_handle_input(codec_.get(), bytes_of(bytes), &frame);
    if (taken < 0) {
      return retryable("what {} says is no AMQP: {}", setup_.server.describe(), amqp_error_string2(taken));
    }
    bytes.remove_prefix(static_cast<size_t>(taken));
    if (frame.frame_type != 0) SLUICE_TRY(take(frame, receiver));
    amqp_maybe_release_buffers(codec_.get());
  }
  return {};
}

Result<void> Channel::take(const amqp_frame_t_& frame, Receiver& receiver) {
  switch (frame.frame_type) {
    case kVersion:
      return fatal("{} does not speak AMQP 0-9-1, but version {}.{}", setup_.server.describe(),
                   frame.payload.protocol_header.protocol_version_major,
                   frame.payload.protocol_header.protocol_version_minor);
    case AMQP_FRAME_METHOD: return take_method(frame.payload.method, receiver);
    case AMQP_FRAME_HEADER: {
      const auto& about = *static_cast<const amqp_basic_properties_t*>(frame.payload.properties.decoded);
      receiver.returned(text_of(about.message_id), returned_key_, std::move(returned_reason_));
      return {};
    }
    default: return {};  // heartbeats, and the content of what is returned
  }
}

Result<void> Channel::take_method(const amqp_method_t_& method, Receiver& receiver) {
  switch (method.id) {
    case AMQP_BASIC_ACK_METHOD: {
      const auto& ack = *static_cast<const amqp_basic_ack_t*>(method.decoded);
      receiver.confirmed(ack.delivery_tag, ack.multiple, true);
      return {};
    }
    case AMQP_BASIC_NACK_METHOD: {
      const auto& nack = *static_cast<const amqp_basic_nack_t*>(method.decoded);
      receiver.confirmed(nack.delivery_tag, nack.multiple, false);
      return {};
    }
    case AMQP_BASIC_RETURN_METHOD: {
      const auto& back = *static_cast<const amqp_basic_return_t*>(method.decoded);
      returned_key_ = text_of(back.routing_key);
      returned_reason_ =
          fmt::format("{} {}: no queue takes the routing key '{}' at the exchange '{}'", back.reply_code,
                      text_of(back.reply_text), returned_key_, text_of(back.exchange));
      return {};
    }
    case AMQP_CONNECTION_BLOCKED_METHOD:
      blocked_ = text_of(static_cast<const amqp_connection_blocked_t*>(method.decoded)->reason);
      if (blocked_.empty()) blocked_ = "blocked";
      return {};
    case AMQP_CONNECTION_UNBLOCKED_METHOD: blocked_.clear(); return {};
    case AMQP_CHANNEL_CLOSE_METHOD:
    case AMQP_CONNECTION_CLOSE_METHOD: return closed(method);
    default: break;
  }
  if (method.id != awaited_) return {};
  awaited_ = 0;
  return at_awaited_ ? (this->*at_awaited_)(method) : Result<void>();
}

// The two methods that close have one structure but for its name (AMQP 0-9-1, 1.4.2.9 and 1.5.2.5).
Result<void> Channel::closed(const amqp_method_t_& method) {
  const auto& why = *static_cast<const amqp_connection_close_t*>(method.decoded);
  bool of_channel = method.id == AMQP_CHANNEL_CLOSE_METHOD;
  uint32_t cause = uint32_t{why.class_id} << 16 | why.method_id;
  message_refused_ =
      of_channel && cause == AMQP_BASIC_PUBLISH_METHOD && why.reply_code == AMQP_PRECONDITION_FAILED;
  std::string_view doing = doing_.empty() ? std::string_view("publishing at") : doing_;
  std::string words =
      fmt::format("{} {}: {} {}", doing, setup_.server.describe(), why.reply_code, text_of(why.reply_text));
  return is_lasting(why.reply_code) && !doing_.empty() ? fatal("{}", words) : retryable("{}", words);
}

// AMQP 0-9-1, 4.2.7: whoever hears nothing for two intervals may hang up.
Result<void> Channel::beat() {
  if (setup_.heartbeat.count() == 0) return {};
  SteadyTime now = steady_now();
  if (now - last_heard_ > 2 * setup_.heartbeat && blocked_.empty()) {
    return retryable("{} says nothing, not even a heartbeat, for {} s", setup_.server.describe(),
                     std::chrono::duration_cast<std::chrono::seconds>(now - last_heard_).count());
  }
  // What waits to be sent is a sign of life by itself, and may be half of a frame.
  if (now - last_sent_ < setup_.heartbeat / 2 || unsent() > 0) return {};
  constexpr std::string_view kBeat("\x08\0\0\0\0\0\0\xce", 8);
  SLUICE_ASSIGN(written, stream_->write_now(kBeat));
  if (written < kBeat.size()) out_.append(kBeat.substr(written));
  last_sent_ = now;
  return {};
}

milliseconds Channel::slice() const {
  if (setup_.heartbeat.count() == 0) return setup_.server.patience;
  return std::min<milliseconds>(setup_.server.patience, setup_.heartbeat / 2);
}

}  // namespace sluice::rabbitmq
