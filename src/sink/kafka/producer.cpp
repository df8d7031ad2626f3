#include "sink/kafka/producer.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <cstdlib>

#include "base/check.h"
#include "base/log.h"
#include "net/certificate.h"

namespace sluice::kafka {
namespace {

using std::chrono::milliseconds;

// How soon a wait notices an interrupt.
constexpr milliseconds kSlice{100};
// Brokers that turn a connection away are told of after so long, and tried again.
constexpr milliseconds kTurnedAway{3000};
// A cluster that makes topics when they are asked for needs a moment for it.
constexpr milliseconds kTopicPatience{5'000};
// Librdkafka's own patience with a request and with a new connection, unless ours is shorter.
constexpr milliseconds kRequest{60'000}, kHandshake{30'000};
// Partitions may be added to a topic; clients look every five minutes (metadata.max.age.ms of Java's).
constexpr std::chrono::minutes kCountAge{5};
// From this version on the nonce of SCRAM is as the standard has it, which Kafka checks since 4.0.
constexpr int kScramMended = 0x02060100;

// Only the last record counts, and it is found from the end.
const KafkaOptions::Properties kCheckpointSettings = {{"cleanup.policy", "compact"},
                                                      {"segment.bytes", "16777216"}};

rd_kafka_resp_err_t code_of(int code) { return static_cast<rd_kafka_resp_err_t>(code); }

int remaining_ms(SteadyTime end, milliseconds most) {
  auto left = std::chrono::duration_cast<milliseconds>(end - steady_now());
  return static_cast<int>(std::clamp(left, milliseconds(1), most).count());
}

void on_log(const rd_kafka_t*, int, const char* facility, const char* text) {
  log::debug("librdkafka: {}: {}", facility, text);
}

// "(after 315ms in state AUTH_REQ)", "(…, 3 identical error(s) suppressed)": the same trouble has the same
// words.
std::string without_times(std::string_view reason) {
  std::string text(reason);
  for (std::string_view word : {" (after ", " (in state "}) {
    size_t begin = text.find(word);
    size_t end = begin == text.npos ? text.npos : text.find(')', begin);
    if (end != text.npos) text.erase(begin, end + 1 - begin);
  }
  return text;
}

uint64_t number_in(const rd_kafka_conf_t* conf, const char* name) {
  char text[32];
  size_t size = sizeof text;
  CHECK(rd_kafka_conf_get(conf, name, text, &size) == RD_KAFKA_CONF_OK);
  return std::strtoull(text, nullptr, 10);
}

struct ErrorFree {
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
};
using ErrorPtr = std::unique_ptr<rd_kafka_error_t, ErrorFree>;

}  // namespace

void Producer::TopicFree::operator()(Topic* topic) const {
  if (topic->handle) rd_kafka_topic_destroy(topic->handle);
  delete topic;
}

void Producer::on_report(rd_kafka_s*, const rd_kafka_message_s* message, void* self) {
  auto& producer = *static_cast<Producer*>(self);
  if (!message->err) producer.trouble_.clear();
  producer.receiver_.reported(message->_private, message->err);
}

void Producer::on_error(rd_kafka_s*, int code, const char* reason, void* self) {
  auto& producer = *static_cast<Producer*>(self);
  bool login = code == RD_KAFKA_RESP_ERR__AUTHENTICATION;
  // That all brokers are down says less than why the last one was.
  if (!producer.trouble_.empty() && code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return;
  producer.refused_login_ = login;
  producer.refused_tls_ = code == RD_KAFKA_RESP_ERR__SSL;
  producer.trouble_ = producer.certificate_trouble(reason).value_or(without_times(reason));
}

// Librdkafka judges as OpenSSL did, but says the same of every certificate that is refused.
int Producer::on_certificate(rd_kafka_s*, const char* broker, int32_t, int* fault, int depth, const char*,
                             size_t, char*, size_t, void* self) {
  auto& producer = *static_cast<Producer*>(self);
  std::lock_guard lock(producer.verdict_mutex_);
  if (*fault != 0) {
    producer.verdict_broker_ = broker;
    producer.verdict_ = certificate_fault(*fault);
  } else if (depth == 0 && producer.verdict_broker_ == broker) {
    producer.verdict_broker_.clear();
  }
  return *fault == 0;
}

// Nothing: `reason` is not that of the certificate that was refused last.
std::optional<std::string> Producer::certificate_trouble(std::string_view reason) {
  std::lock_guard lock(verdict_mutex_);
  bool is_it = !verdict_broker_.empty() && reason.find(verdict_broker_) != reason.npos &&
               reason.find("certificate verify failed") != reason.npos;
  if (!is_it) return std::nullopt;
  std::string advice = certificate_advice(verdict_, "tls_ca", "tls: verify-ca");
  return fmt::format("the certificate of {} is refused: {}{}{}", verdict_broker_, verdict_,
                     advice.empty() ? "" : "; ", advice);
}

Result<std::unique_ptr<Producer>> Producer::make(const KafkaOptions& options, Receiver& receiver,
                                                 bool gapless, const std::atomic<bool>& interrupted) {
  std::unique_ptr<Producer> made(new Producer(options, receiver, interrupted));
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char reason[512];
  auto set = [&](const char* name, const char* value) {
    return rd_kafka_conf_set(conf, name, value, reason, sizeof reason) == RD_KAFKA_CONF_OK;
  };
  bool transactional = made->transactional();
  bool good = set("enable.idempotence", "true") &&
              set("enable.gapless.guarantee", gapless && !transactional ? "true" : "false") &&
              set("partitioner", "murmur2_random") && set("linger.ms", "5");
  // Otherwise asking for a topic would make it, and not as it was told.
  if (transactional || options.create_topics) good = good && set("allow.auto.create.topics", "false");
  if (transactional) {
    // The longest that brokers allow unless told otherwise: a transaction of the log may take its time.
    good = good && set("transaction.timeout.ms", "900000");
  } else {
    // Never: we give up ourselves, all at once.
    good = good && set("message.timeout.ms", "0");
  }
  // A request that a network has swallowed, or a handshake, holds up all that is behind it.
  good = good &&
         set("socket.timeout.ms", std::to_string(std::min(options.timeout, kRequest).count()).c_str()) &&
         set("socket.connection.setup.timeout.ms",
             std::to_string(std::min(options.timeout, kHandshake).count()).c_str());
  for (const auto& [name, value] : options.properties) good = good && set(name.c_str(), value.c_str());
  if (transactional) good = good && set("transactional.id", options.transactional_id.c_str());
  if (!good) {
    rd_kafka_conf_destroy(conf);
    return usage("cannot set up the Kafka client: {}", reason);
  }
  made->request_bytes_ = std::min(number_in(conf, "batch.size"), number_in(conf, "message.max.bytes"));
  rd_kafka_conf_set_opaque(conf, made.get());
  rd_kafka_conf_set_dr_msg_cb(conf, on_report);
  rd_kafka_conf_set_error_cb(conf, on_error);
  rd_kafka_conf_set_log_cb(conf, on_log);
  rd_kafka_conf_set_ssl_cert_verify_cb(conf, on_certificate);
  made->handle_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
  if (!made->handle_) {
    rd_kafka_conf_destroy(conf);
    return usage("cannot set up the Kafka client: {}", reason);
  }
  return made;
}

Producer::~Producer() {
  if (!handle_) return;
  rd_kafka_purge(handle_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  topics_.clear();
  // Ends the threads that send before it returns.
  rd_kafka_destroy(handle_);
}

Result<void> Producer::connect() {
  const SteadyTime begin = steady_now();
  for (SteadyTime end = begin + options_.timeout;;) {
    const rd_kafka_metadata_t* facts = nullptr;
    rd_kafka_resp_err_t code = rd_kafka_metadata(handle_, 0, nullptr, &facts, remaining_ms(end, kSlice));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_metadata_destroy(facts);
      return {};
    }
    poll(milliseconds(0));
    if (interrupted_) return stopped();
    bool settled = code != RD_KAFKA_RESP_ERR__TIMED_OUT && code != RD_KAFKA_RESP_ERR__TRANSPORT;
    if (refused_tls_ && !settled) code = RD_KAFKA_RESP_ERR__SSL;
    if (!trouble_.empty()) end = std::min(end, begin + kTurnedAway);
    if (refused_login_ || refused_tls_ || settled || steady_now() >= end) return fault(code, "connect");
  }
}

Result<int32_t> Producer::count_partitions(const std::string& name, rd_kafka_topic_s* handle) {
  for (SteadyTime end = steady_now() + options_.timeout;;) {
    const rd_kafka_metadata_t* facts = nullptr;
    rd_kafka_resp_err_t code = rd_kafka_metadata(handle_, 0, handle, &facts, remaining_ms(end, kSlice * 10));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      int32_t count = facts->topic_cnt == 1 ? facts->topics[0].partition_cnt : 0;
      code = facts->topic_cnt == 1 ? facts->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
      rd_kafka_metadata_destroy(facts);
      if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return count;
      if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
        return 0;
      }
      return fault(code, fmt::format("look at the topic '{}'", name));
    }
    poll(milliseconds(0));
    if (interrupted_) return stopped();
    bool settled = code != RD_KAFKA_RESP_ERR__TIMED_OUT && code != RD_KAFKA_RESP_ERR__TRANSPORT;
    if (refused_login_ || settled || steady_now() >= end) {
      return fault(code, fmt::format("look at the topic '{}'", name));
    }
  }
}

Result<int32_t> Producer::await_partitions(const std::string& name, rd_kafka_topic_s* handle) {
  bool checkpoint = transactional() && name == options_.checkpoint_topic;
  bool created = false;
  for (SteadyTime end = steady_now() + kTopicPatience;;) {
    SLUICE_ASSIGN(count, count_partitions(name, handle));
    if (count > 0) return count;
    if (checkpoint && !created) {
      SLUICE_TRY(create(name, {1, options_.replication, kCheckpointSettings}));
      created = true;
    } else if (options_.create_topics && !created) {
      SLUICE_TRY(create(name, {options_.partitions, options_.replication, options_.topic_settings}));
      created = true;
    }
    if (steady_now() >= end)
      return fault(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, fmt::format("use the topic '{}'", name));
    poll(kSlice);
    if (interrupted_) return stopped();
  }
}

Result<const Topic*> Producer::topic(std::string_view name) {
  auto found = topics_.find(name);
  if (found == topics_.end()) {
    std::string key(name);
    std::unique_ptr<Topic, TopicFree> made(new Topic);
    made->handle = rd_kafka_topic_new(handle_, key.c_str(), nullptr);
    if (!made->handle) return fault(rd_kafka_last_error(), fmt::format("use the topic '{}'", name));
    SLUICE_ASSIGN(count, await_partitions(key, made->handle));
    made->partitions = count;
    made->counted = steady_now();
    found = topics_.emplace(std::move(key), std::move(made)).first;
  }
  Topic& topic = *found->second;
  if (steady_now() - topic.counted > kCountAge) {
    SLUICE_ASSIGN(count, count_partitions(found->first, topic.handle));
    if (count > 0) topic.partitions = count;
    topic.counted = steady_now();
  }
  return &topic;
}

Result<void> Producer::create(const std::string& name, const Plan& plan) {
  std::string attempt = fmt::format("create the topic '{}'", name);
  char reason[512];
  rd_kafka_NewTopic_t* wanted =
      rd_kafka_NewTopic_new(name.c_str(), plan.partitions, plan.replication, reason, sizeof reason);
  if (!wanted) return usage("cannot {}: {}", attempt, reason);
  for (const auto& [setting, value] : plan.settings) {
    rd_kafka_NewTopic_set_config(wanted, setting.c_str(), value.c_str());
  }
  std::unique_ptr<rd_kafka_queue_t, void (*)(rd_kafka_queue_t*)> queue(rd_kafka_queue_new(handle_),
                                                                       rd_kafka_queue_destroy);
  std::unique_ptr<rd_kafka_AdminOptions_t, void (*)(rd_kafka_AdminOptions_t*)> how(
      rd_kafka_AdminOptions_new(handle_, RD_KAFKA_ADMIN_OP_CREATETOPICS), rd_kafka_AdminOptions_destroy);
  int patience = static_cast<int>(options_.timeout.count());
  rd_kafka_AdminOptions_set_request_timeout(how.get(), patience, reason, sizeof reason);
  // So that every broker knows the topic when the answer comes.
  rd_kafka_AdminOptions_set_operation_timeout(how.get(), patience, reason, sizeof reason);
  rd_kafka_CreateTopics(handle_, &wanted, 1, how.get(), queue.get());
  rd_kafka_NewTopic_destroy(wanted);
  std::unique_ptr<rd_kafka_event_t, void (*)(rd_kafka_event_t*)> event(nullptr, rd_kafka_event_destroy);
  while (!event) {
    event.reset(rd_kafka_queue_poll(queue.get(), static_cast<int>(kSlice.count())));
    if (interrupted_) return stopped();
  }
  if (auto code = rd_kafka_event_error(event.get())) return fault(code, attempt);
  size_t count = 0;
  const rd_kafka_topic_result_t** results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  CHECK(count == 1);
  rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[0]);
  if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return {};
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    log::info("created the topic {}", name);
    return {};
  }
  const char* words = rd_kafka_topic_result_error_string(results[0]);
  auto failed = fault(code, attempt);
  if (words) failed.value().what += fmt::format(" ({})", words);
  return failed;
}

int Producer::produce(const Record& record) {
  rd_kafka_vu_t parts[7];
  size_t count = 0;
  auto next = [&](rd_kafka_vtype_t type) -> rd_kafka_vu_t& {
    rd_kafka_vu_t& part = parts[count++];
    part.vtype = type;
    return part;
  };
  next(RD_KAFKA_VTYPE_RKT).u.rkt = record.topic->handle;
  next(RD_KAFKA_VTYPE_PARTITION).u.i32 = record.partition;
  next(RD_KAFKA_VTYPE_VALUE).u.mem = {const_cast<char*>(record.value.data()), record.value.size()};
  next(RD_KAFKA_VTYPE_KEY).u.mem = {const_cast<char*>(record.key.data()), record.key.size()};
  // Neither copied nor freed by librdkafka.
  next(RD_KAFKA_VTYPE_MSGFLAGS).u.i = 0;
  next(RD_KAFKA_VTYPE_OPAQUE).u.ptr = record.tag;
  if (record.headers) next(RD_KAFKA_VTYPE_HEADERS).u.headers = record.headers;
  ErrorPtr error(rd_kafka_produceva(handle_, parts, count));
  if (!error) return 0;
  if (record.headers) rd_kafka_headers_destroy(record.headers);
  return rd_kafka_error_code(error.get());
}

void Producer::poll(milliseconds patience) { rd_kafka_poll(handle_, static_cast<int>(patience.count())); }

void Producer::flush(milliseconds patience) { rd_kafka_flush(handle_, static_cast<int>(patience.count())); }

int Producer::fatal_code() const {
  char reason[512];
  return rd_kafka_fatal_error(handle_, reason, sizeof reason);
}

// Calls `attempt` with a patience in milliseconds until it has an outcome.
template <class Attempt>
Result<void> Producer::transact(std::string_view doing, milliseconds patience, Attempt attempt) {
  for (SteadyTime end = steady_now() + patience;;) {
    ErrorPtr error(attempt(static_cast<int>(kSlice.count() * 5)));
    poll(milliseconds(0));
    if (!error) return {};
    bool again = rd_kafka_error_is_retriable(error.get()) && !refused_login_;
    if (interrupted_) return stopped();
    if (again && steady_now() < end) continue;
    auto failed = fault(rd_kafka_error_code(error.get()), doing);
    failed.value().what += fmt::format(" ({})", rd_kafka_error_string(error.get()));
    return failed;
  }
}

Result<void> Producer::checkpoint_topic() {
  SLUICE_TRY(topic(options_.checkpoint_topic));
  return {};
}

Result<void> Producer::init_transactions() {
  return transact("begin transactions", options_.timeout,
                  [&](int ms) { return rd_kafka_init_transactions(handle_, ms); });
}

Result<void> Producer::begin_transaction() {
  return transact("begin a transaction", options_.timeout,
                  [&](int) { return rd_kafka_begin_transaction(handle_); });
}

Result<void> Producer::commit_transaction(milliseconds patience) {
  return transact("commit a transaction", patience,
                  [&](int ms) { return rd_kafka_commit_transaction(handle_, ms); });
}

Failure Producer::fault(int code, std::string_view attempt) const {
  // What ended a transaction's producer says more than what it then made of the messages.
  if (int end = transactional() ? fatal_code() : 0) code = end;
  std::string words = fmt::format("cannot {} at Kafka {}: ", attempt, options_.brokers);
  if (refused_login_ || code == RD_KAFKA_RESP_ERR__AUTHENTICATION ||
      code == RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED) {
    words += "the login is refused";
    if (!trouble_.empty()) words += ": " + trouble_;
    if (options_.scram && rd_kafka_version() < kScramMended) {
      words += fmt::format(
          ". Should user and password be right: librdkafka {} logs in by SCRAM in a way that Kafka 4.0 and "
          "newer refuse (2.6.1 mended it); use sasl: plain over TLS, or a client certificate",
          rd_kafka_version_str());
    }
    return retryable("{}", words);
  }
  switch (code) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      return retryable("{}there is no such topic; create it, or have it created with create_topics: true",
                       words);
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return retryable("{}{}; grant this account the right to it", words, rd_kafka_err2str(code_of(code)));
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
      return fatal(
          "{}the transactional_id '{}' was taken over by another program, or its transaction was open for "
          "longer than transaction.timeout.ms; a start goes on behind the last transaction that was "
          "committed",
          words, options_.transactional_id);
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
      return fatal(
          "{}the brokers allow no transaction.timeout.ms of 15 minutes (their transaction.max.timeout.ms); "
          "name a "
          "shorter one under properties",
          words);
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR__INVALID_ARG: return fatal("{}{}", words, rd_kafka_err2str(code_of(code)));
    default: break;
  }
  words += rd_kafka_err2str(code_of(code));
  if (!trouble_.empty()) words += "; the last trouble was: " + trouble_;
  return retryable("{}", words);
}

}  // namespace sluice::kafka
