// The sink http: a change, or several in one request, by POST or PUT. Requests go over several connections;
// what has the same key goes over the same one, each request behind the answer to the one before.
#include "sink/http/http_sink.h"

#include <strings.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/clock.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/url.h"
#include "crypto/hmac.h"
#include "sink/http/body.h"
#include "sink/http/options.h"

namespace sluice {
namespace {

using namespace http;

// What a server may ask for at most; then it is asked again.
constexpr std::chrono::seconds kMostPause = std::chrono::hours(1);
constexpr size_t kKeepBytes = 8u << 20;  // of a body's room, from one request to the next
constexpr size_t kNoLimit = SIZE_MAX;

// Which a request has already; two would be none.
bool is_content_type(std::string_view name) {
  constexpr std::string_view kName = "content-type";
  return name.size() == kName.size() && strncasecmp(name.data(), kName.data(), kName.size()) == 0;
}

// One connection, and what of the delivery in hand goes over it.
struct Way {
  std::vector<uint32_t> messages;  // in their order
  size_t next = 0;                 // the first that was not answered
  size_t end = 0;                  // of the request under way; `next` where there is none
  // A refused request of several is halved until the refused change is found: so many at most, up to there.
  size_t most = kNoLimit;
  size_t careful = 0;
  size_t most_bytes = kNoLimit;  // once a request was too large for the server
  std::string url;
  Bytes body;  // unless it is a message as it stands in the delivery
  std::string_view sent;
  HttpHeaders headers;

  size_t count() const { return end - next; }
  std::span<const uint32_t> request() const { return std::span(messages).subspan(next, count()); }
};

class HttpSink final : public Sink {
 public:
  explicit HttpSink(HttpOptions options) : options_(std::move(options)), ways_(options_.connections) {
    if (!options_.hmac.empty()) hmac_ = std::make_unique<HmacSha256>(options_.hmac);
  }

  Result<void> open(std::string_view) override {
    if (client_) return {};
    SLUICE_ASSIGN(client, HttpClient::make(options_.client, ways_.size(), interrupt_));
    client_ = std::move(client);
    return {};
  }
  Result<void> write(const Delivery& delivery) override;
  std::span<const Refusal> refused() const override { return refused_; }
  std::chrono::microseconds pause() const override { return pause_; }
  void close() override { client_.reset(); }
  void interrupt() noexcept override { interrupt_.raise(); }

 private:
  void begin(const Delivery& delivery);
  size_t way_of(const Delivery& delivery, size_t message) const;
  Result<void> start(const Delivery& delivery, size_t number);
  Result<void> make_body(const Delivery& delivery, Way& way);
  void make_headers(const Delivery& delivery, Way& way);
  Result<void> set_url(Way& way, std::string_view destination) const;
  Result<void> settle(Way& way, const HttpAnswer& answer);
  Result<void> refuse(Way& way, const HttpAnswer& answer);
  std::string told(const Way& way, const HttpAnswer& answer) const;
  // Of what is the operator's to mend: at first it ends the lane; once the target has taken something, it may
  // be mended there.
  Failure lasting(std::string words) const { return taken_ ? retryable("{}", words) : fatal("{}", words); }

  const HttpOptions options_;
  Interrupt interrupt_;
  std::unique_ptr<HmacSha256> hmac_;
  std::unique_ptr<HttpClient> client_;
  std::vector<Way> ways_;
  size_t active_ = 0;   // requests under way
  bool taken_ = false;  // the target has taken something
  std::chrono::microseconds pause_{};
  // Of the delivery in hand, which comes again after a failure: what was answered is not sent again.
  uint64_t sequence_ = 0;
  std::vector<Refusal> refused_;
};

// The partition, where one was chosen; else the key's hash; without a key that of the destination.
size_t HttpSink::way_of(const Delivery& delivery, size_t message) const {
  if (ways_.size() == 1) return 0;
  const Address& address = delivery.address(message);
  if (address.partition >= 0) return static_cast<size_t>(address.partition) % ways_.size();
  int32_t hash = address.hashed  ? address.hash
                 : address.keyed ? murmur2(delivery.key(message))
                                 : murmur2(delivery.destination(address.destination));
  return (static_cast<uint32_t>(hash) & 0x7fffffff) % ways_.size();
}

// A tombstone is for targets that keep the newest message of a key; there is nothing in it to post.
void HttpSink::begin(const Delivery& delivery) {
  sequence_ = delivery.batch.sequence;
  refused_.clear();
  for (Way& way : ways_) {
    way.messages.clear();
    way.next = way.end = way.careful = 0;
    way.most = kNoLimit;
    way.body.shrink(kKeepBytes);
  }
  for (size_t i = 0; i < delivery.messages.size(); ++i) {
    if (!delivery.messages[i].no_value) {
      ways_[way_of(delivery, i)].messages.push_back(static_cast<uint32_t>(i));
    }
  }
}

// A format may name a destination of its own, which is no URL: its name then stands in the place of the URL's
// places.
Result<void> HttpSink::set_url(Way& way, std::string_view destination) const {
  if (destination.starts_with("http://") || destination.starts_with("https://")) {
    way.url = destination;
    return {};
  }
  way.url = options_.base;
  if (!options_.places) return {};
  if (options_.base.ends_with("://")) {
    return fatal("the format sends a change to '{}', which needs a url whose host has no places",
                 destination);
  }
  Bytes name;
  name.append(destination);
  escape_in_url(name, 0);
  way.url += name.view();
  return {};
}

Result<void> HttpSink::make_body(const Delivery& delivery, Way& way) {
  uint32_t first = way.messages[way.next];
  way.end = way.next + 1;
  if (options_.body == BodyKind::Change) {
    way.sent = delivery.value(first);
    return {};
  }
  way.body.clear();
  SLUICE_TRY(append_message(way.body, options_.body, delivery.value(first), 0));
  uint32_t destination = delivery.address(first).destination;
  size_t most = options_.max_changes;
  if (way.next < way.careful) most = std::min({most, way.most, way.careful - way.next});
  size_t most_bytes = std::min(options_.max_bytes, way.most_bytes);
  for (; way.end < way.messages.size() && way.count() < most; ++way.end) {
    uint32_t message = way.messages[way.end];
    std::string_view value = delivery.value(message);
    if (delivery.address(message).destination != destination) break;
    if (way.body.size() + value.size() + 2 > most_bytes) break;
    SLUICE_TRY(append_message(way.body, options_.body, value, way.count()));
  }
  end_body(way.body, options_);
  way.sent = way.body.view();
  return {};
}

void HttpSink::make_headers(const Delivery& delivery, Way& way) {
  HttpHeaders& headers = way.headers;
  headers.clear();
  headers.add("Content-Type", content_type(options_, way.sent));
  append_idempotency_key(headers.begin("Idempotency-Key"), delivery, way.request());
  headers.end();
  for (const auto& [name, value] : options_.headers) headers.add(name, value);
  if (options_.body == BodyKind::Change || options_.body == BodyKind::Form) {
    delivery.headers(way.messages[way.next], [&](std::string_view name, std::string_view value) {
      if (!is_content_type(name)) headers.add_escaped(name, value);
    });
  }
  if (!hmac_) return;
  char digits[20];
  auto end = std::to_chars(digits, digits + sizeof digits, unix_us() / 1'000'000).ptr;
  std::string_view now(digits, static_cast<size_t>(end - digits));
  headers.add("X-Sluice-Timestamp", now);
  hmac_->add(now);
  hmac_->add(".");
  hmac_->add(way.sent);
  Bytes& signature = headers.begin("X-Sluice-Signature");
  signature.append("sha256=");
  hmac_->append_hex(signature);
  headers.end();
}

Result<void> HttpSink::start(const Delivery& delivery, size_t number) {
  Way& way = ways_[number];
  SLUICE_TRY(set_url(way, delivery.destination(delivery.address(way.messages[way.next]).destination)));
  if (auto made = make_body(delivery, way); !made) {
    way.end = way.next;
    return made;
  }
  make_headers(delivery, way);
  client_->start(number, {options_.put ? "PUT" : nullptr, way.url, way.headers, way.sent});
  ++active_;
  return {};
}

std::string HttpSink::told(const Way& way, const HttpAnswer& answer) const {
  return describe(options_.put ? "PUT" : "POST", way.url, answer);
}

// A request of several may be refused for one of them, or for their size.
Result<void> HttpSink::refuse(Way& way, const HttpAnswer& answer) {
  bool may_be_one = answer.status == 400 || answer.status == 413 || answer.status == 422;
  if (way.count() > 1 && may_be_one) {
    if (answer.status == 413) {
      way.most_bytes = way.sent.size() / 2;
    } else {
      way.most = way.count() / 2;
      way.careful = std::max(way.careful, way.end);
    }
    way.end = way.next;
    return {};
  }
  for (uint32_t message : way.request()) refused_.push_back({message, told(way, answer)});
  way.next = way.end;
  return {};
}

Result<void> HttpSink::settle(Way& way, const HttpAnswer& answer) {
  int status = answer.status;
  if (answer.outcome == HttpAnswer::Outcome::Answered && status / 100 == 2) {
    taken_ = true;
    if (way.next < way.careful) way.most = way.count() * 2;
    way.next = way.end;
    return {};
  }
  std::string words = told(way, answer);
  bool passing = status == 408 || status == 425 || status == 429 || status / 100 == 5;
  if (answer.outcome == HttpAnswer::Outcome::Answered && status / 100 == 4 && !passing && status != 401 &&
      status != 403 && status != 407) {
    return refuse(way, answer);
  }
  way.end = way.next;
  switch (answer.outcome) {
    case HttpAnswer::Outcome::Broken: return retryable("{}", words);
    case HttpAnswer::Outcome::Certificate: return lasting(std::move(words));
    case HttpAnswer::Outcome::Address: return fatal("{}", words);
    case HttpAnswer::Outcome::Answered: break;
  }
  if (status == 401 || status == 403) {
    return retryable("{}: the login is not accepted, or may not do this; look at user, bearer and headers",
                     words);
  }
  if (status == 407)
    return retryable("{}: the proxy wants a login, which its URL in the environment may hold", words);
  if (status / 100 == 3) {
    std::string_view choice =
        options_.client.follow ? "it points on and on" : "say url as it should be, or follow_redirects: true";
    if (answer.location.empty()) return lasting(words + ": it points nowhere; look at url");
    return lasting(fmt::format("{}: it points to '{}'; {}", words, safe_url(answer.location), choice));
  }
  if (status == 429 || status == 503) {
    pause_ = std::max<std::chrono::microseconds>(pause_, std::min(answer.retry_after, kMostPause));
  }
  return retryable("{}", words);
}

Result<void> HttpSink::write(const Delivery& delivery) {
  if (delivery.batch.sequence != sequence_) begin(delivery);
  pause_ = {};
  Result<void> result;
  // After a failure no new request begins; those under way are waited for, so that little is repeated.
  auto keep = [&](Result<void> each) {
    if (result && !each) result = std::move(each);
  };
  for (;;) {
    for (size_t i = 0; result && i < ways_.size(); ++i) {
      Way& way = ways_[i];
      if (way.end == way.next && way.next < way.messages.size()) keep(start(delivery, i));
    }
    if (active_ == 0) break;
    auto ended = client_->wait();
    if (!ended) {
      active_ = 0;
      for (Way& way : ways_) way.end = way.next;
      return tl::unexpected(std::move(ended).error());
    }
    --active_;
    keep(settle(ways_[*ended], client_->answer(*ended)));
  }
  std::sort(refused_.begin(), refused_.end(),
            [](const Refusal& a, const Refusal& b) { return a.message < b.message; });
  return result;
}

Result<std::unique_ptr<Sink>> make(const Settings& settings) {
  SLUICE_ASSIGN(options, parse_options(settings));
  return std::make_unique<HttpSink>(std::move(options));
}

constexpr Addressing kAddressing{.option = "url", .escape_place = escape_in_url, .partitions = true};

}  // namespace

const SinkType http_sink{"http", "requests to an HTTP server", http::option_table(), make, &kAddressing};

}  // namespace sluice
