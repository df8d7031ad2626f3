// The sink elasticsearch: rows as documents of a search engine, kept in step. Each document carries its place
// in the log as its version, so that the server itself keeps a repeat from putting an older row over a newer.
#include "sink/elasticsearch/elasticsearch_sink.h"

#include <algorithm>
#include <set>

#include "base/hash.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "sink/elasticsearch/bulk.h"
#include "sink/elasticsearch/document.h"
#include "sink/elasticsearch/index_name.h"
#include "sink/elasticsearch/mapping.h"
#include "sink/elasticsearch/options.h"
#include "sink/epoch.h"

namespace sluice {
namespace {

using namespace elasticsearch;
using Outcome = HttpAnswer::Outcome;

// What a server may ask for at most; then it is asked again.
constexpr std::chrono::seconds kMostPause = std::chrono::hours(1);
constexpr size_t kMostAnswer = 64u << 20;
constexpr int kCalm = 16;  // deliveries without a 429, behind which one request more goes at once

// For now: the server has too much to do, or something is to be mended there that is not the document's
// fault.
bool fails_for_now(const BulkAnswer::Item& item) {
  bool lacks_index = item.status == 404 && !item.why.empty();
  return item.status == 429 || item.status / 100 == 5 || item.status == 401 || item.status == 403 ||
         lacks_index;
}

class ElasticsearchSink final : public Sink {
 public:
  explicit ElasticsearchSink(Options options)
      : options_(std::move(options)), at_once_(options_.connections), bulks_(options_.connections) {
    options_.nodes.client.most_body = kMostAnswer;
    auto login = [&](HttpHeaders& headers) {
      if (!options_.api_key.empty()) headers.add("Authorization", "ApiKey " + options_.api_key.reveal());
    };
    lines_.add("Content-Type", "application/x-ndjson");
    json_.add("Content-Type", "application/json");
    login(lines_);
    login(json_);
  }

  Result<void> open(std::string_view saved) override {
    epoch_.restore(saved);
    if (nodes_) return {};
    SLUICE_ASSIGN(made, HttpNodes::make(options_.nodes, bulks_.size(), interrupt_));
    nodes_ = std::move(made);
    return {};
  }
  Result<void> write(const Delivery& delivery) override;
  std::span<const Refusal> refused() const override { return refused_; }
  std::chrono::microseconds pause() const override { return pause_; }
  std::string note() const override { return epoch_.note(); }
  void close() override { nodes_.reset(); }
  void interrupt() noexcept override { interrupt_.raise(); }

 private:
  void spread(const Delivery& delivery);
  bool is_schema_change(const Delivery& delivery, size_t message) const;
  Result<void> send(const Delivery& delivery);
  Result<void> settle(const Delivery& delivery, size_t way);
  Result<void> settle_items(const Delivery& delivery, size_t way);
  Result<void> ask(const HttpNodes::Request& request, bool absent_is_fine, size_t message);
  Result<void> make_indices(const Delivery& delivery);
  bool lacks_unsigned(const HttpAnswer& answer);
  Result<void> make_index(const std::string& index, std::string mapping);
  Result<void> follow(const Delivery& delivery, size_t message);
  void refuse_request(size_t way, const std::string& words);
  Result<void> not_now(const HttpAnswer& answer, const std::string& words);
  void crowded();
  void calm();

  Options options_;
  Interrupt interrupt_;
  HttpHeaders lines_, json_;
  std::unique_ptr<HttpNodes> nodes_;
  Epoch epoch_;
  bool taken_ = false;        // the target has taken something
  bool no_unsigned_ = false;  // it has no unsigned_long
  std::chrono::microseconds pause_{};
  size_t at_once_;              // requests: fewer than there are connections behind a 429
  int calm_ = 0;                // deliveries since
  std::set<std::string> made_;  // indices, each with a line feed and its mapping behind it

  // Of the delivery in hand, which comes again after a failure: what was answered is not sent again.
  uint64_t sequence_ = 0;
  uint64_t epoch_bits_ = 0;
  size_t at_ = 0, end_ = 0;  // its part in hand, up to the next schema change
  size_t heading_ = 0;       // the next
  std::vector<Bulk> bulks_;  // one a connection, that part's
  BulkAnswer answer_;
  std::vector<Refusal> refused_;
};

bool ElasticsearchSink::is_schema_change(const Delivery& delivery, size_t message) const {
  const Message& each = delivery.messages[message];
  return !each.no_value && delivery.batch.changes[each.change].op == Op::Ddl;
}

// What concerns one document goes over one connection.
void ElasticsearchSink::spread(const Delivery& delivery) {
  for (Bulk& bulk : bulks_) bulk.clear();
  for (end_ = at_; end_ < delivery.messages.size() && !is_schema_change(delivery, end_); ++end_) {
    const Message& message = delivery.messages[end_];
    std::string_view value = delivery.value(end_);
    if (message.no_value) {
      refused_.push_back({end_, std::string(value)});
      continue;
    }
    std::string_view id = id_line(value);
    // A row that stayed where it was.
    if (message.of_before && end_ + 1 < delivery.messages.size()) {
      const Message& next = delivery.messages[end_ + 1];
      if (next.change == message.change && !next.no_value && id_line(delivery.value(end_ + 1)) == id &&
          delivery.address(end_).destination == delivery.address(end_ + 1).destination) {
        continue;
      }
    }
    size_t way = bulks_.size() == 1 ? 0 : static_cast<uint32_t>(murmur2(id)) % bulks_.size();
    bulks_[way].add(static_cast<uint32_t>(end_));
  }
}

Result<void> ElasticsearchSink::not_now(const HttpAnswer& answer, const std::string& words) {
  pause_ = std::max<std::chrono::microseconds>(pause_, std::min(answer.retry_after, kMostPause));
  switch (answer.outcome) {
    case Outcome::Address: return fatal("{}", words);
    case Outcome::Certificate: return taken_ ? retryable("{}", words) : fatal("{}", words);
    default: break;
  }
  if (answer.status == 401 || answer.status == 403) {
    return retryable("{}: the login is not accepted, or may not do this; look at user, password and api_key",
                     words);
  }
  return retryable("{}", words);
}

// A server with too much to do is not helped by as much again.
void ElasticsearchSink::crowded() {
  at_once_ = std::max<size_t>(at_once_ / 2, 1);
  calm_ = 0;
}

void ElasticsearchSink::calm() {
  if (at_once_ == bulks_.size() || ++calm_ < kCalm) return;
  ++at_once_;
  calm_ = 0;
}

void ElasticsearchSink::refuse_request(size_t way, const std::string& words) {
  for (size_t i = 0; i < bulks_[way].count(); ++i) refused_.push_back({bulks_[way].message(i), words});
  bulks_[way].taken();
}

Result<void> ElasticsearchSink::settle_items(const Delivery& delivery, size_t way) {
  Bulk& bulk = bulks_[way];
  const HttpAnswer& answer = nodes_->answer(way);
  bool sound =
      !answer.cut && answer_.parse(answer.body) && (!answer_.errors || answer_.items.size() == bulk.count());
  if (!sound) {
    bulk.again(answer.cut);
    return retryable("{}: which is not the answer to a bulk request", nodes_->told(way));
  }
  taken_ = true;
  if (!answer_.errors) {
    bulk.taken();
    return {};
  }
  for (uint32_t i : bulk.settle(delivery, answer_.items, fails_for_now)) {
    const BulkAnswer::Item& item = answer_.items[i];
    bool stale = item.status == 409;  // something newer is there: a repeat
    bool fine = item.status / 100 == 2 || item.status == 404 || stale;
    if (!fine) refused_.push_back({bulk.message(i), fmt::format("status {}: {}", item.status, item.why)});
  }
  auto failed = std::find_if(answer_.items.begin(), answer_.items.end(), fails_for_now);
  if (failed == answer_.items.end()) {
    bulk.taken();
    return {};
  }
  if (failed->status == 429) crowded();
  return not_now(answer, fmt::format("{} of {} documents were not taken for now: status {}: {}",
                                     bulk.keep_failed(), answer_.items.size(), failed->status, failed->why));
}

Result<void> ElasticsearchSink::settle(const Delivery& delivery, size_t way) {
  Bulk& bulk = bulks_[way];
  const HttpAnswer& answer = nodes_->answer(way);
  if (answer.outcome == Outcome::Answered) {
    if (answer.status / 100 == 2) return settle_items(delivery, way);
    // Of a request that is refused as a whole, it may be one document's fault.
    if (answer.status == 400 || answer.status == 413) {
      if (bulk.count() == 1) {
        refuse_request(way, nodes_->told(way));
      } else {
        bulk.again(true);
      }
      return {};
    }
  }
  bulk.again();
  if (answer.status == 429) crowded();
  return not_now(answer, nodes_->told(way));
}

Result<void> ElasticsearchSink::send(const Delivery& delivery) {
  Result<void> result;
  size_t active = 0;
  // After a failure no new request begins; those under way are waited for, so that little is repeated.
  auto keep = [&](Result<void> each) {
    if (result && !each) result = std::move(each);
  };
  for (;;) {
    for (size_t way = 0; result && active < at_once_ && way < bulks_.size(); ++way) {
      Bulk& bulk = bulks_[way];
      if (bulk.under_way() || bulk.done()) continue;
      bulk.make(delivery, epoch_bits_, options_.max_changes, options_.max_bytes);
      nodes_->start(way, {.path = std::string(kBulkPath), .headers = lines_, .body = bulk.body()});
      ++active;
    }
    if (active == 0) return result;
    auto ended = nodes_->wait();
    if (!ended) {
      for (Bulk& bulk : bulks_) bulk.again();
      return tl::unexpected(std::move(ended).error());
    }
    --active;
    keep(settle(delivery, *ended));
  }
}

// What the server refuses for good is a refusal of `message`.
Result<void> ElasticsearchSink::ask(const HttpNodes::Request& request, bool absent_is_fine, size_t message) {
  SLUICE_ASSIGN(answer, nodes_->ask(request));
  bool answered = answer->outcome == Outcome::Answered;
  if (answered && (answer->status / 100 == 2 || (absent_is_fine && answer->status == 404))) return {};
  bool passing = answer->status == 408 || answer->status == 429 || answer->status / 100 == 5 ||
                 answer->status == 401 || answer->status == 403;
  if (!answered || passing) return not_now(*answer, nodes_->told(0));
  refused_.push_back({message, nodes_->told(0)});
  return {};
}

// Elasticsearch before 7.10 and OpenSearch before 2.8 lack that type.
bool ElasticsearchSink::lacks_unsigned(const HttpAnswer& answer) {
  if (no_unsigned_ || answer.outcome != Outcome::Answered || answer.status != 400 ||
      answer.body.find("type [unsigned_long] declared") == answer.body.npos) {
    return false;
  }
  log::warning("the server has no fields of the type unsigned_long; those become keyword, without ranges");
  return no_unsigned_ = true;
}

Result<void> ElasticsearchSink::make_index(const std::string& index, std::string mapping) {
  if (no_unsigned_) mapping = with_unsigned_as_keyword(std::move(mapping));
  std::string body = fmt::format(R"({{"mappings":{}}})", mapping);
  SLUICE_ASSIGN(answer, nodes_->ask({"PUT", "/" + index, json_, body}));
  if (lacks_unsigned(*answer)) return make_index(index, std::move(mapping));
  bool answered = answer->outcome == Outcome::Answered;
  if (answered && answer->status / 100 == 2) return {};
  if (!answered || answer->status != 400 ||
      answer->body.find("resource_already_exists_exception") == answer->body.npos) {
    return not_now(*answer, nodes_->told(0));
  }
  SLUICE_ASSIGN(changed, nodes_->ask({"PUT", "/" + index + "/_mapping", json_, mapping}));
  if (lacks_unsigned(*changed)) return make_index(index, std::move(mapping));
  answered = changed->outcome == Outcome::Answered;
  if (answered && changed->status / 100 == 2) return {};
  if (!answered || changed->status != 400) return not_now(*changed, nodes_->told(0));
  log::warning(
      "the index {} keeps its mapping, which is not that of the table ({}); documents that do not go with it "
      "will be refused",
      index, nodes_->told(0));
  return {};
}

// Before the first document of an index, and of a table's new version.
Result<void> ElasticsearchSink::make_indices(const Delivery& delivery) {
  if (!options_.create) return {};
  for (; heading_ < delivery.headings.size() && delivery.headings[heading_].message < end_; ++heading_) {
    const Heading& heading = delivery.headings[heading_];
    std::string index(delivery.destination(delivery.address(heading.message).destination));
    std::string_view mapping = delivery.text(heading);
    std::string mark = fmt::format("{}\n{}", index, mapping);
    if (made_.contains(mark)) continue;
    SLUICE_TRY(make_index(index, std::string(mapping)));
    made_.insert(std::move(mark));
  }
  return {};
}

// A table was emptied or dropped.
Result<void> ElasticsearchSink::follow(const Delivery& delivery, size_t message) {
  std::string_view what = delivery.value(message);
  if (options_.truncate == OnTruncate::Ignore) return {};
  std::string index(delivery.destination(delivery.address(message).destination));
  if (options_.truncate == OnTruncate::Stop) {
    refused_.push_back({message, fmt::format("the table of the index {} was {}, and truncate: stop is set",
                                             index, what == kDrop ? "dropped" : "emptied")});
    return {};
  }
  if (what == kDrop) {
    std::erase_if(made_, [&](const std::string& each) { return each.starts_with(index + "\n"); });
    return ask({"DELETE", "/" + index, json_}, true, message);
  }
  size_t before = refused_.size();
  SLUICE_TRY(ask({"POST", "/" + index + "/_refresh", json_}, true, message));
  if (refused_.size() > before) return {};
  constexpr std::string_view kAll = R"({"query":{"match_all":{}}})";
  return ask({"POST", "/" + index + "/_delete_by_query?refresh=true", json_, kAll}, true, message);
}

Result<void> ElasticsearchSink::write(const Delivery& delivery) {
  pause_ = {};
  if (delivery.batch.sequence != sequence_) {
    sequence_ = delivery.batch.sequence;
    epoch_bits_ = epoch_.bits(delivery.batch.resume.server_uuid);
    refused_.clear();
    at_ = end_ = heading_ = 0;
  }
  for (; at_ < delivery.messages.size(); at_ = end_) {
    if (is_schema_change(delivery, at_)) {
      SLUICE_TRY(follow(delivery, at_));
      end_ = at_ + 1;
      continue;
    }
    if (end_ <= at_) spread(delivery);
    SLUICE_TRY(make_indices(delivery));
    SLUICE_TRY(send(delivery));
  }
  calm();
  std::sort(refused_.begin(), refused_.end(),
            [](const Refusal& a, const Refusal& b) { return a.message < b.message; });
  return {};
}

Result<std::unique_ptr<Sink>> make(const Settings& settings) {
  SLUICE_ASSIGN(options, parse_options(settings));
  return std::make_unique<ElasticsearchSink>(std::move(options));
}

Result<std::unique_ptr<Encoder>> encoder(const Settings& settings) {
  SLUICE_ASSIGN(options, parse_document_options(settings));
  return make_document(std::move(options));
}

constexpr Addressing kAddressing{.option = "index", .escape = escape_index, .places = Places::Names};

}  // namespace

const SinkType elasticsearch_sink{.name = "elasticsearch",
                                  .summary = "documents of Elasticsearch or OpenSearch, one a row",
                                  .options = option_table(),
                                  .make = make,
                                  .addressing = &kAddressing,
                                  .encoder = encoder};

}  // namespace sluice
