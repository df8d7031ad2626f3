#include "support/sink_bench.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "net/listener.h"
#include "net/stream.h"
#include "sink/clickhouse/clickhouse_sink.h"
#include "sink/console/console_sink.h"
#include "sink/elasticsearch/elasticsearch_sink.h"
#include "sink/file/file_sink.h"
#include "sink/http/http_sink.h"
#include "sink/kafka/kafka_sink.h"
#include "sink/mysql/mysql_sink.h"
#include "sink/nats/nats_sink.h"
#include "sink/postgresql/postgresql_sink.h"
#include "sink/rabbitmq/rabbitmq_sink.h"
#include "sink/redis/redis_cache_sink.h"
#include "sink/redis/redis_sink.h"
#include "sink/sqlite/sqlite_sink.h"
#include "sink/subscribers/subscribers_sink.h"
#include "support/folder.h"
#include "support/http_server.h"
#include "support/mirror_bench.h"
#include "support/nats_server.h"
#include "support/rabbitmq_broker.h"
#include "support/redis_bench.h"
#include "support/zstd_file.h"

namespace sluice::test {
namespace {

class ConsoleBench : public SinkBench {
 public:
  ConsoleBench() { CHECK(pipe(ends_) == 0); }
  ~ConsoleBench() override {
    ::close(ends_[1]);
    if (reader_.joinable()) reader_.join();
    ::close(ends_[0]);
  }
  std::unique_ptr<Sink> sink() override { return make_console_sink(ends_[1]); }
  std::string delivered() override {
    if (reader_.joinable()) {
      CHECK(write(ends_[1], kEnd.data(), kEnd.size()) == static_cast<ssize_t>(kEnd.size()));
      reader_.join();
      text_.resize(text_.size() - kEnd.size());
      return text_;
    }
    pollfd end{ends_[0], POLLIN, 0};
    while (poll(&end, 1, 0) > 0 && (end.revents & POLLIN)) take();
    return text_;
  }
  void read_along() override {
    reader_ = std::thread([this] {
      while (!text_.ends_with(kEnd) && take()) continue;
    });
  }

 private:
  // Behind everything that was delivered: tells the reader that it has all.
  static constexpr std::string_view kEnd = "\x01 the end";

  bool take() {
    char room[65536];
    ssize_t n = read(ends_[0], room, sizeof room);
    if (n > 0) text_.append(room, static_cast<size_t>(n));
    return n > 0;
  }

  int ends_[2];
  std::string text_;
  std::thread reader_;
};

class FileBench : public SinkBench {
 public:
  std::unique_ptr<Sink> sink() override {
    Settings settings(file_sink.options);
    CHECK(settings.set("path", {folder_ / "out"}, "test"));
    auto made = file_sink.make(settings);
    CHECK(made);
    return std::move(*made);
  }
  std::string delivered() override { return read_file(folder_ / "out"); }

 private:
  TemporaryFolder folder_;
};

// A target over HTTP. What is huge is left unanswered, until it is read along.
class WebBench : public SinkBench {
 public:
  // Appends what the target keeps of a request; returns the answer.
  using Keep = std::string (*)(const HttpServer::Request& request, std::string& kept);
  using Options = std::vector<std::pair<std::string_view, std::string>>;

  WebBench(const SinkType& type, std::string_view path, Options options, Keep keep)
      : type_(type), path_(path), options_(std::move(options)), keep_(keep) {}
  std::unique_ptr<Sink> sink() override {
    Settings settings(type_.options);
    CHECK(settings.set("url", {server_.url() + path_}, "test"));
    for (const auto& [name, value] : options_) CHECK(settings.set(name, {value}, "test"));
    auto made = type_.make(settings);
    CHECK(made);
    return std::move(*made);
  }
  std::string delivered() override {
    std::lock_guard lock(mutex_);
    return text_;
  }
  void read_along() override { reads_ = true; }

 private:
  static constexpr size_t kHuge = 32 << 20;

  std::optional<std::string> take(const HttpServer::Request& request) {
    if (request.body.size() > kHuge && !reads_) return std::nullopt;
    std::lock_guard lock(mutex_);
    return keep_(request, text_);
  }

  const SinkType& type_;
  const std::string path_;
  const Options options_;
  const Keep keep_;
  std::mutex mutex_;
  std::string text_;
  std::atomic<bool> reads_ = false;
  HttpServer server_{[this](const HttpServer::Request& request) { return take(request); }};
};

std::unique_ptr<SinkBench> make_http_bench() {
  return std::make_unique<WebBench>(http_sink, "/{table}", WebBench::Options{{"body", "ndjson"}},
                                    [](const HttpServer::Request& request, std::string& kept) {
                                      kept += request.body;
                                      return HttpServer::reply(204);
                                    });
}

// Takes bulk requests apart as a server does: what stands behind the version is the message.
std::unique_ptr<SinkBench> make_elasticsearch_bench() {
  auto keep = [](const HttpServer::Request& request, std::string& kept) {
    constexpr std::string_view kBefore = R"("version_type":"external_gte",)";
    for (std::string_view rest = request.body; !rest.empty();) {
      size_t begin = rest.find(kBefore);
      CHECK(begin != rest.npos);
      rest.remove_prefix(begin + kBefore.size());
      size_t end = rest.find('\n');
      kept += rest.substr(0, end + 1);
      rest.remove_prefix(end + 1);
    }
    return HttpServer::reply(200, R"({"errors":false,"items":[]})");
  };
  return std::make_unique<WebBench>(elasticsearch_sink, "", WebBench::Options{{"connections", "1"}}, keep);
}

// Has no table yet, and keeps the rows of inserts as they come.
std::unique_ptr<SinkBench> make_clickhouse_bench() {
  auto keep = [](const HttpServer::Request& request, std::string& kept) {
    if (request.body == "SELECT version()") return HttpServer::reply(200, "26.5.1\n");
    if (request.target.find("query=INSERT") != std::string::npos) kept += request.body;
    return HttpServer::reply(200);
  };
  return std::make_unique<WebBench>(clickhouse_sink, "", WebBench::Options{{"few_rows", "0"}}, keep);
}

// As many files as there are names, in the current folder while the bench is there.
class FilesBench : public SinkBench {
 public:
  FilesBench() : before_(std::filesystem::current_path()) { std::filesystem::current_path(folder_.path()); }
  ~FilesBench() override { std::filesystem::current_path(before_); }
  std::unique_ptr<Sink> sink() override {
    Settings settings(file_sink.options);
    CHECK(settings.set("path", {"{table}"}, "test"));
    auto made = file_sink.make_for(settings, true);
    CHECK(made);
    return std::move(*made);
  }
  std::string delivered() override { return read_file("lines"); }

 private:
  std::filesystem::path before_;
  TemporaryFolder folder_;
};

// Librdkafka's own cluster within the process, which answers as brokers do.
class KafkaBench : public SinkBench {
 public:
  KafkaBench() {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, nullptr);
    owner_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0);
    CHECK(owner_);
    cluster_ = rd_kafka_mock_cluster_new(owner_, 1);
    CHECK(cluster_);
    CHECK(rd_kafka_mock_topic_create(cluster_, kTopic, 1, 1) == RD_KAFKA_RESP_ERR_NO_ERROR);
    reader_ = make_reader();
  }
  ~KafkaBench() override {
    rd_kafka_destroy(reader_);
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(owner_);
  }
  std::unique_ptr<Sink> sink() override {
    Settings settings(kafka_sink.options);
    CHECK(settings.set("brokers", {brokers()}, "test"));
    // This cluster keeps the newest batches only, so that few large ones are better for it.
    CHECK(settings.set("properties", {"message.max.bytes=1000000000", "batch.size=1000000000"}, "test"));
    auto made = kafka_sink.make(settings);
    CHECK(made);
    return std::move(*made);
  }
  std::string delivered() override {
    int64_t low = 0, high = 0;
    CHECK(!rd_kafka_query_watermark_offsets(reader_, kTopic, 0, &low, &high, 10'000));
    while (next_ < high) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(reader_, 10'000);
      CHECK(message && !message->err);
      CHECK(message->offset == next_ && message->payload && !message->key);
      ++next_;
      text_.append(static_cast<const char*>(message->payload), message->len).push_back('\n');
      rd_kafka_message_destroy(message);
    }
    return text_;
  }

 private:
  static constexpr const char* kTopic = "lines";

  std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  rd_kafka_t* make_reader() const {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    for (auto [name, value] : {std::pair("bootstrap.servers", brokers()),
                               {"group.id", "test"},
                               {"fetch.wait.max.ms", "10"},
                               {"fetch.error.backoff.ms", "10"},
                               {"fetch.message.max.bytes", "1000000000"},
                               {"fetch.max.bytes", "1000000000"},
                               {"receive.message.max.bytes", "1100000000"}}) {
      CHECK(rd_kafka_conf_set(conf, name, value.c_str(), nullptr, 0) == RD_KAFKA_CONF_OK);
    }
    rd_kafka_t* reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, nullptr, 0);
    CHECK(reader);
    rd_kafka_topic_partition_list_t* places = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(places, kTopic, 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
    CHECK(!rd_kafka_assign(reader, places));
    rd_kafka_topic_partition_list_destroy(places);
    return reader;
  }

  rd_kafka_t* owner_;
  rd_kafka_mock_cluster_t* cluster_;
  rd_kafka_t* reader_;
  int64_t next_ = 0;
  std::string text_;
};

// One broker for all tests of a process, which takes five seconds to start; each bench has a queue of its
// own.
class RabbitmqBench : public SinkBench {
 public:
  RabbitmqBench() : queue_(fmt::format("bench-{}", ++number_)), broker_(RabbitmqBroker::shared()) {}
  std::unique_ptr<Sink> sink() override {
    Settings settings(rabbitmq_sink.options);
    CHECK(settings.set("url", {broker_.url()}, "test"));
    CHECK(settings.set("exchange", {queue_}, "test"));
    CHECK(settings.set("declare",
                       {fmt::format("exchange {} fanout transient", queue_),
                        fmt::format("queue {} transient", queue_), fmt::format("bind {0} to {0}", queue_)},
                       "test"));
    CHECK(settings.set("persistent", {"false"}, "test"));
    CHECK(settings.set("timeout", {"60s"}, "test"));
    auto made = rabbitmq_sink.make(settings);
    CHECK(made);
    return std::move(*made);
  }
  std::string delivered() override {
    broker_.take(queue_, text_);
    return text_;
  }

 private:
  static inline int number_ = 0;
  const std::string queue_;
  RabbitmqBroker& broker_;
  std::string text_;
};

// One server for all tests of a process; each bench begins without a stream.
class NatsBench : public SinkBench {
 public:
  NatsBench() : server_(NatsServer::shared()) { server_.remove_stream(); }
  std::unique_ptr<Sink> sink() override {
    Settings settings(nats_sink.options);
    CHECK(settings.set("servers", {server_.url()}, "test"));
    CHECK(settings.set("to", {"lines"}, "test"));
    CHECK(settings.set("stream", {NatsServer::kStream}, "test"));
    CHECK(settings.set("create_stream", {"true"}, "test"));
    CHECK(settings.set("storage", {"memory"}, "test"));
    CHECK(settings.set("timeout", {"60s"}, "test"));
    auto made = nats_sink.make(settings);
    CHECK(made);
    return std::move(*made);
  }
  std::string delivered() override { return server_.stream(); }

 private:
  NatsServer& server_;
};

// A client of wing-binlog-go's protocol, which connects whenever the sink is opened.
class SubscribersBench : public SinkBench {
 public:
  std::unique_ptr<Sink> sink() override { return std::make_unique<Attended>(*this); }
  std::string delivered() override {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, std::chrono::seconds(60), [&] { return received_ >= written_; });
    return text_;
  }

 private:
  class Attended : public Sink {
   public:
    explicit Attended(SubscribersBench& bench) : bench_(bench) {
      Settings settings(subscribers_sink.options);
      CHECK(settings.set("listen", {std::to_string(bench.port_)}, "test"));
      CHECK(settings.set("protocol", {"command"}, "test"));
      auto made = subscribers_sink.make(settings);
      CHECK(made);
      inner_ = std::move(*made);
    }
    ~Attended() override { Attended::close(); }
    Result<void> open(std::string_view saved) override {
      SLUICE_TRY(inner_->open(saved));
      attend();
      return {};
    }
    Result<void> reopen() override { return inner_->reopen(); }
    Result<void> write(const Delivery& delivery) override {
      bench_.written_ += delivery.messages.size();
      return inner_->write(delivery);
    }
    std::string note() const override { return inner_->note(); }
    Result<void> tick() override { return inner_->tick(); }
    void close() override {
      inner_->close();
      if (reader_.joinable()) reader_.join();
    }
    void interrupt() noexcept override { inner_->interrupt(); }

   private:
    // What is sent from now on will be read.
    void attend() {
      auto stream = Stream::connect({.host = "127.0.0.1", .port = bench_.port_}, interrupt_);
      CHECK(stream && (*stream)->write(std::string_view("\2\0\0\0\3\0", 6)));  // a tick
      std::string answer;
      while (answer.size() < 8) CHECK(take(**stream, answer));
      CHECK(answer == std::string_view("\4\0\0\0\3\0ok", 8));
      reader_ = std::thread([this, own = std::move(*stream)] {
        for (std::string bytes; take(*own, bytes);) bench_.receive(bytes);
      });
    }
    static bool take(Stream& stream, std::string& bytes) {
      char room[65536];
      auto taken = stream.read(room, sizeof room);
      if (taken) bytes.append(room, *taken);
      return taken.has_value();
    }

    SubscribersBench& bench_;
    std::unique_ptr<Sink> inner_;
    Interrupt interrupt_;
    std::thread reader_;
  };

  // Takes the whole frames off the front.
  void receive(std::string& bytes) {
    constexpr size_t kHeader = 6;
    size_t at = 0;
    std::lock_guard lock(mutex_);
    while (bytes.size() - at >= kHeader) {
      uint32_t size;
      std::memcpy(&size, bytes.data() + at, sizeof size);
      if (bytes.size() - at - sizeof size < size) break;
      if (bytes[at + sizeof size] == 4) {
        text_.append(bytes, at + kHeader, size - 2).push_back('\n');
        ++received_;
      }
      at += sizeof size + size;
    }
    bytes.erase(0, at);
    arrived_.notify_all();
  }

  const uint16_t port_ = (*Listener::open({.host = "127.0.0.1", .port = 0}, {}))->port();
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::string text_;
  size_t received_ = 0, written_ = 0;
};

template <class Bench>
std::unique_ptr<SinkBench> make() {
  return std::make_unique<Bench>();
}

const SinkBenchType clickhouse_bench = {
    .name = "clickhouse", .sink = &clickhouse_sink, .make = make_clickhouse_bench, .waits = true};
const SinkBenchType console_bench = {
    .name = "console", .sink = &console_sink, .make = make<ConsoleBench>, .waits = true};
const SinkBenchType elasticsearch_bench = {
    .name = "elasticsearch", .sink = &elasticsearch_sink, .make = make_elasticsearch_bench, .waits = true};
const SinkBenchType file_bench = {
    .name = "file", .sink = &file_sink, .make = make<FileBench>, .takes_back = true};
const SinkBenchType http_bench = {.name = "http", .sink = &http_sink, .make = make_http_bench, .waits = true};
const SinkBenchType files_bench = {
    .name = "file", .sink = &file_sink, .make = make<FilesBench>, .takes_back = true, .way = "_by_template"};
const SinkBenchType kafka_bench = {
    .name = "kafka", .sink = &kafka_sink, .make = make<KafkaBench>, .waits = true};
const SinkBenchType rabbitmq_bench = {
    .name = "rabbitmq", .sink = &rabbitmq_sink, .make = make<RabbitmqBench>, .waits = true};
const SinkBenchType nats_bench = {.name = "nats", .sink = &nats_sink, .make = make<NatsBench>, .waits = true};
const SinkBenchType redis_bench = {
    .name = "redis", .sink = &redis_sink, .make = make_redis_bench, .waits = true};
const SinkBenchType subscribers_bench = {
    .name = "subscribers", .sink = &subscribers_sink, .make = make<SubscribersBench>};
const SinkBenchType sqlite_bench = {.name = "sqlite", .sink = &sqlite_sink, .make = make_sqlite_bench};
const SinkBenchType mysql_bench = {.name = "mysql", .sink = &mysql_sink, .make = nullptr};
const SinkBenchType postgresql_bench = {.name = "postgresql", .sink = &postgresql_sink, .make = nullptr};
const SinkBenchType redis_cache_bench = {
    .name = "redis_cache", .sink = &redis_cache_sink, .make = make_redis_cache_bench, .waits = true};

}  // namespace

std::vector<SinkBenchType> sink_benches() {
  std::vector<SinkBenchType> all = {
#define SINK(name) name##_bench,
#include "sink/sinks.def"
#undef SINK
      files_bench,
  };
  std::erase_if(all, [](const SinkBenchType& each) { return !each.make; });
  return all;
}

}  // namespace sluice::test
