#include "support/nats_server.h"

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/url.h"
#include "sink/nats/frame_reader.h"

namespace sluice::test {
namespace {

using nats::Frame;
using nats::FrameReader;
using Json = nlohmann::json;

constexpr size_t kMostMessage = 80 << 20;
constexpr const char* kScript =
    "import sys; sys.path.insert(0, sys.argv[1]); from nats_server import Nats\n"
    "with Nats({'max_payload': 80_000_000, 'max_pending': 160_000_000}) as server:\n"
    "  print(server.url(), flush=True); sys.stdin.read()";

// Calls see(body) for each message that comes, until it returns true.
template <class See>
void read(Stream& stream, See see) {
  FrameReader reader(kMostMessage);
  std::string room(1 << 20, '\0');
  for (bool done = false; !done;) {
    auto taken = stream.read(room.data(), room.size());
    CHECK(taken);
    reader.feed({room.data(), *taken});
    for (;;) {
      auto frame = reader.next();
      CHECK(frame);
      if (done || !*frame) break;
      CHECK((*frame)->what != Frame::What::Error);
      if ((*frame)->what == Frame::What::Message) done = see((*frame)->body);
    }
  }
}

}  // namespace

NatsServer& NatsServer::shared() {
  static NatsServer server;
  return server;
}

NatsServer::NatsServer() : server_(kScript) {}

std::unique_ptr<Stream> NatsServer::connect(const std::string& words) {
  auto url = parse_url(server_.url());
  CHECK(url);
  StreamSetup setup{.host = url->host, .port = url->port};
  setup.patience = std::chrono::seconds(60);
  auto stream = Stream::connect(setup, never_);
  CHECK(stream);
  CHECK((*stream)->write("CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true}\r\n" + words));
  return std::move(*stream);
}

std::string NatsServer::ask(const std::string& subject, const std::string& body) {
  auto stream =
      connect(fmt::format("SUB answers 1\r\nPUB {} answers {}\r\n{}\r\n", subject, body.size(), body));
  std::string answer;
  read(*stream, [&](std::string_view came) {
    answer = came;
    return true;
  });
  return answer;
}

void NatsServer::remove_stream() { ask(std::string("$JS.API.STREAM.DELETE.") + kStream, ""); }

std::string NatsServer::stream() {
  Json info = Json::parse(ask(std::string("$JS.API.STREAM.INFO.") + kStream, ""));
  uint64_t left = info.contains("state") ? info["state"]["messages"].get<uint64_t>() : 0;
  if (left == 0) return {};
  // One that was asked for before may still be sent to.
  std::string copy = fmt::format("copy.{}", ++copies_);
  Json how = {{"deliver_subject", copy}, {"ack_policy", "none"}, {"deliver_policy", "all"}};
  std::string plan = Json{{"stream_name", kStream}, {"config", how}}.dump();
  // The answer about the consumer goes elsewhere.
  auto stream = connect(fmt::format("SUB {} 1\r\nPUB $JS.API.CONSUMER.CREATE.{} nobody {}\r\n{}\r\n", copy,
                                    kStream, plan.size(), plan));
  std::string text;
  read(*stream, [&](std::string_view message) {
    text.append(message).push_back('\n');
    return --left == 0;
  });
  return text;
}

}  // namespace sluice::test
