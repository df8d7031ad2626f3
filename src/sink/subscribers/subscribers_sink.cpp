// The sink subscribers: sends every message to whoever is connected. A delivery is done when it stands in the
// ring; whether anybody is there, or keeps up, is nobody's brake.
#include "sink/subscribers/subscribers_sink.h"

#include <sys/resource.h>

#include <algorithm>
#include <charconv>

#include "base/log.h"
#include "base/utf8.h"
#include "sink/sink.h"
#include "sink/subscribers/change_id.h"
#include "sink/subscribers/options.h"
#include "sink/subscribers/row_rule.h"
#include "sink/subscribers/server.h"

namespace sluice {
namespace subscribers {
namespace {

constexpr uint64_t kMostCommandBytes = UINT32_MAX - 2;
constexpr uint64_t kOwnDescriptors = 1000;  // for all but the clients

// How many clients there may be, of those that are wanted. A process may have 1,024 descriptors unless it
// asks for those that it is allowed; with fewer than clients need, they must not take those of files and
// servers.
uint64_t clients_within_limit(uint64_t wanted) {
  rlimit limit{};
  const uint64_t count = wanted + kOwnDescriptors;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= count) return wanted;
  limit.rlim_cur = std::min<rlim_t>(count, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= count) return wanted;
  uint64_t left = std::max(limit.rlim_cur / 2, limit.rlim_cur - std::min(limit.rlim_cur, kOwnDescriptors));
  uint64_t clients = std::min(wanted, left);
  if (clients < wanted) {
    log::warning(
        "subscribers: the system allows this process {} descriptors, which is enough for {} clients and not "
        "for the {} of max_clients; raise the limit (ulimit -n, LimitNOFILE) or lower max_clients",
        limit.rlim_cur, clients, wanted);
  }
  return clients;
}

class SubscribersSink final : public Sink {
 public:
  explicit SubscribersSink(Setup setup) : setup_(std::move(setup)) {}
  ~SubscribersSink() override { SubscribersSink::close(); }

  Result<void> open(std::string_view saved) override;
  Result<void> write(const Delivery& delivery) override;
  std::span<const Refusal> refused() const override { return refused_; }
  // The last change that the ring will have had, should the process die now.
  std::string note() const override { return fmt::format("{:x}", last_); }
  void close() override;
  std::vector<SinkCount> counts() const override;

 private:
  uint64_t id_of(const Batch& batch, const Message& message);
  // Empty: the protocol takes it.
  std::string why_not(std::string_view value) const;

  Setup setup_;
  Counts counts_;
  uint64_t last_ = 0;  // id of the last message before the checkpoint; 0: there is none
  std::unique_ptr<Ring> ring_;
  RowRules rules_;  // the server's thread's own
  std::unique_ptr<Server> server_;
  std::vector<Post> posts_;
  std::vector<Refusal> refused_;
  // The transaction seen last, of the delivery in hand.
  uint32_t transaction_ = 0;
  uint64_t transaction_id_ = 0;
};

Result<void> SubscribersSink::open(std::string_view saved) {
  close();
  std::from_chars(saved.data(), saved.data() + saved.size(), last_, 16);
  uint64_t most_clients = clients_within_limit(setup_.most_clients);
  SLUICE_ASSIGN(listener, Listener::open(setup_.address, setup_.tls));
  log::info("subscribers may connect at {}:{}", setup_.address.host, listener->port());
  ring_ = std::make_unique<Ring>(setup_.shared.buffer_bytes, last_, setup_.rules);
  setup_.shared.ring = ring_.get();
  setup_.shared.door.ring = ring_.get();
  setup_.shared.door.rules = setup_.rules ? &rules_ : nullptr;
  setup_.shared.counts = &counts_;
  server_ = std::make_unique<Server>(std::move(listener), setup_.shared, most_clients);
  return {};
}

void SubscribersSink::close() {
  server_.reset();
  ring_.reset();
}

uint64_t SubscribersSink::id_of(const Batch& batch, const Message& message) {
  const Change& change = batch.changes[message.change];
  if (transaction_id_ == 0 || change.transaction != transaction_) {
    transaction_ = change.transaction;
    transaction_id_ = transaction_id(batch.transactions[transaction_].id);
  }
  return change_id(transaction_id_, change.index);
}

std::string SubscribersSink::why_not(std::string_view value) const {
  Protocol protocol = setup_.shared.door.protocol;
  if (protocol == Protocol::Delimiter && value.find(kDelimiter) != value.npos) {
    return "it holds the delimiter \\r\\n\\r\\n\\r\\n";
  }
  if (protocol == Protocol::Command && value.size() > kMostCommandBytes) return "it is longer than 4 GiB";
  return {};
}

Result<void> SubscribersSink::write(const Delivery& delivery) {
  Protocol protocol = setup_.shared.door.protocol;
  posts_.clear();
  refused_.clear();
  transaction_id_ = 0;
  for (size_t i = 0; i < delivery.messages.size(); ++i) {
    std::string_view value = delivery.value(i);
    if (std::string why = why_not(value); !why.empty()) {
      refused_.push_back({i, std::move(why)});
      continue;
    }
    bool text = protocol == Protocol::WebSocket && !delivery.binary && is_utf8(value);
    const Message& message = delivery.messages[i];
    posts_.push_back({frame_of(protocol, value.size(), text), value,
                      delivery.destination(delivery.address(i).destination),
                      delivery.batch.changes[message.change].op, id_of(delivery.batch, message),
                      delivery.rows ? &delivery.change(i) : nullptr});
  }
  ring_->add(posts_, &delivery.batch);
  if (!posts_.empty()) server_->wake();
  if (delivery.whole != Delivery::kInside && delivery.whole > 0) {
    last_ = id_of(delivery.batch, delivery.messages[delivery.whole - 1]);
  }
  return {};
}

std::vector<SinkCount> SubscribersSink::counts() const {
  return {{"subscribers", counts_.clients},
          {"cut_off", counts_.cut_off},
          {"sent_away", counts_.refused},
          {"messages_sent", counts_.messages},
          {"bytes_sent", counts_.bytes}};
}

Result<std::unique_ptr<Sink>> make(const Settings& settings) {
  SLUICE_ASSIGN(setup, parse_options(settings));
  return std::make_unique<SubscribersSink>(std::move(setup));
}

constexpr Addressing kAddressing{.option = "topic", .places = Places::Names};

}  // namespace
}  // namespace subscribers

const SinkType subscribers_sink{.name = "subscribers",
                                .summary = "whoever is connected by WebSocket or TCP",
                                .options = subscribers::option_table(),
                                .make = subscribers::make,
                                .addressing = &subscribers::kAddressing,
                                .possession =
                                    [](const Settings& settings) {
                                      std::string address = settings.text("listen");
                                      bool port = address.find(':') == address.npos;
                                      return Possession{"listen", port ? "127.0.0.1:" + address : address};
                                    },
                                .rows_option = "client_where"};

}  // namespace sluice
