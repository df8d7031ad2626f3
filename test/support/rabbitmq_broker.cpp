#include "support/rabbitmq_broker.h"

#include <amqp.h>
#include <amqp_tcp_socket.h>

#include "base/check.h"
#include "base/url.h"

namespace sluice::test {
namespace {

constexpr const char* kScript =
    "import sys; sys.path.insert(0, sys.argv[1]); from rabbitmq_server import RabbitMQ\n"
    "with RabbitMQ() as broker: print(broker.url(), flush=True); sys.stdin.read()";

}  // namespace

RabbitmqBroker& RabbitmqBroker::shared() {
  static RabbitmqBroker broker;
  return broker;
}

RabbitmqBroker::RabbitmqBroker() : server_(kScript) {
  auto url = parse_url(server_.url());
  CHECK(url);
  reader_ = amqp_new_connection();
  amqp_socket_t* socket = amqp_tcp_socket_new(reader_);
  CHECK(amqp_socket_open(socket, url->host.c_str(), url->port) == AMQP_STATUS_OK);
  CHECK(amqp_login(reader_, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, url->user.c_str(),
                   url->password.reveal().c_str())
            .reply_type == AMQP_RESPONSE_NORMAL);
  amqp_channel_open(reader_, 1);
}

RabbitmqBroker::~RabbitmqBroker() { amqp_destroy_connection(reader_); }

void RabbitmqBroker::take(const std::string& queue, std::string& out) {
  amqp_bytes_t name{queue.size(), const_cast<char*>(queue.data())};
  auto* found = amqp_queue_declare(reader_, 1, name, true, false, false, false, amqp_empty_table);
  CHECK(found);
  uint32_t left = found->message_count;
  if (left == 0) return;
  CHECK(amqp_basic_consume(reader_, 1, name, name, false, true, false, amqp_empty_table));
  for (; left > 0; --left) {
    amqp_envelope_t envelope;
    CHECK(amqp_consume_message(reader_, &envelope, nullptr, 0).reply_type == AMQP_RESPONSE_NORMAL);
    const amqp_bytes_t& body = envelope.message.body;
    out.append(static_cast<const char*>(body.bytes), body.len).push_back('\n');
    amqp_destroy_envelope(&envelope);
    amqp_maybe_release_buffers(reader_);
  }
  CHECK(amqp_basic_cancel(reader_, 1, name));
}

}  // namespace sluice::test
