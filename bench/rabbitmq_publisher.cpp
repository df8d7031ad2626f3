// A bare publisher with confirms, to measure the sink rabbitmq against.
//   rabbitmq_publisher PORT USER PASSWORD QUEUE WINDOW FILE    each line of FILE is a persistent message,
//   with the sink's properties
// Ends when the broker has confirmed them all.
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "rabbitmq_publisher: %s failed\n", what);
  std::exit(1);
}

// Reads confirmations until at most `most` messages lack one; returns how many do.
size_t confirm(amqp_connection_state_t connection, uint64_t sent, uint64_t& confirmed, size_t most) {
  timeval now{0, 0};
  for (;;) {
    bool wait = sent - confirmed > most;
    amqp_frame_t frame;
    amqp_maybe_release_buffers(connection);
    int status = amqp_simple_wait_frame_noblock(connection, &frame, wait ? nullptr : &now);
    if (status == AMQP_STATUS_TIMEOUT) return sent - confirmed;
    if (status != AMQP_STATUS_OK) fail("waiting for a confirmation");
    if (frame.frame_type != AMQP_FRAME_METHOD || frame.payload.method.id != AMQP_BASIC_ACK_METHOD)
      fail("a message");
    const auto* ack = static_cast<amqp_basic_ack_t*>(frame.payload.method.decoded);
    confirmed = ack->multiple ? ack->delivery_tag : confirmed + 1;
  }
}

// The change's id as JSON has it.
amqp_bytes_t id_of(const std::string& message) {
  constexpr std::string_view kName = "\"id\":\"";
  size_t begin = message.find(kName);
  if (begin == std::string::npos) fail("a line without an id");
  begin += kName.size();
  return {message.find('"', begin) - begin, const_cast<char*>(message.data()) + begin};
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 7) return 2;
  std::vector<std::string> messages;
  std::ifstream file(arguments[6]);
  for (std::string line; std::getline(file, line);) messages.push_back(std::move(line));
  amqp_connection_state_t connection = amqp_new_connection();
  amqp_socket_t* socket = amqp_tcp_socket_new(connection);
  if (amqp_socket_open(socket, "127.0.0.1", std::atoi(arguments[1])) != 0) fail("connecting");
  if (amqp_login(connection, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, arguments[2], arguments[3])
          .reply_type != AMQP_RESPONSE_NORMAL)
    fail("the login");
  if (!amqp_channel_open(connection, 1) || !amqp_confirm_select(connection, 1)) fail("opening the channel");
  std::puts("ready");  // what follows is measured
  std::fflush(stdout);
  amqp_basic_properties_t properties{};
  properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_CONTENT_TYPE_FLAG |
                      AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_CORRELATION_ID_FLAG;
  properties.content_type = amqp_cstring_bytes("application/json");
  properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
  const size_t window = std::strtoul(arguments[5], nullptr, 10);
  uint64_t sent = 0, confirmed = 0;
  for (const std::string& message : messages) {
    properties.message_id = properties.correlation_id = id_of(message);
    amqp_bytes_t body{message.size(), const_cast<char*>(message.data())};
    if (amqp_basic_publish(connection, 1, amqp_empty_bytes, amqp_cstring_bytes(arguments[4]), 1, 0,
                           &properties, body) != 0)
      fail("publishing");
    if (++sent % 64 == 0) confirm(connection, sent, confirmed, window - 64);
  }
  confirm(connection, sent, confirmed, 0);
  amqp_connection_close(connection, AMQP_REPLY_SUCCESS);
  amqp_destroy_connection(connection);
}
