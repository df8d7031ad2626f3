// The sink clickhouse: rows in tables whose newest row of a key replaces the others. Each carries its place
// in the log as its version, so that a repeat changes nothing.
#include "sink/clickhouse/clickhouse_sink.h"

#include <poll.h>

#include <algorithm>
#include <map>

#include "base/clock.h"
#include "base/interrupt.h"
#include "sink/clickhouse/insert.h"
#include "sink/clickhouse/options.h"
#include "sink/clickhouse/row_binary.h"
#include "sink/clickhouse/tables.h"
#include "sink/epoch.h"

namespace sluice {
namespace {

using namespace clickhouse;

constexpr std::chrono::seconds kMostPause = std::chrono::hours(1);
constexpr std::chrono::seconds kPartsPause{1};  // gives the server time to merge
constexpr int kTooManyParts = 252;
constexpr size_t kMostAnswer = 16u << 20;
// Date32 and DateTime64 hold 1900 to 2299 since 22.8; the engine knows of rows that are deleted since 23.2.
constexpr Version kAllTypes{23, 2}, kAsyncInserts{21, 11};
constexpr size_t kMostPath = 8000;  // servers take 16 KiB; a longer statement stands in front of the rows

class ClickhouseSink final : public Sink {
 public:
  explicit ClickhouseSink(Options options) : options_(std::move(options)), tables_(options_) {
    options_.nodes.client.most_body = kMostAnswer;
    headers_.add("Content-Type", "application/octet-stream");
  }

  Result<void> open(std::string_view saved) override;
  Result<void> write(const Delivery& delivery) override;
  std::span<const Refusal> refused() const override { return refused_; }
  std::chrono::microseconds pause() const override { return pause_; }
  std::string note() const override { return epoch_.note(); }
  void close() override {
    server_.reset();
    nodes_.reset();
  }
  void interrupt() noexcept override { interrupt_.raise(); }

 private:
  bool is_schema_change(const Delivery& delivery, size_t message) const;
  void gather(const Delivery& delivery);
  Result<void> fit(const Delivery& delivery);
  Result<void> wait_for_more();
  Result<void> send(const Delivery& delivery);
  void start(const Delivery& delivery, size_t way, Insert& insert);
  Result<void> settle(const Delivery& delivery, size_t way);
  Result<void> follow(const Delivery& delivery, size_t message);

  Options options_;
  Interrupt interrupt_;
  HttpHeaders headers_;
  std::unique_ptr<HttpNodes> nodes_;
  std::optional<Server> server_;
  Tables tables_;
  Epoch epoch_;
  bool waits_ = false;  // the server knows of inserts that it puts off
  bool taken_ = false;  // the target has taken something
  std::chrono::microseconds pause_{};
  SteadyTime inserted_{};                      // when rows were taken last
  std::map<std::string, std::string> shapes_;  // by destination, as headings said last

  // Of the delivery in hand, which comes again after a failure: what was answered is not sent again.
  uint64_t sequence_ = 0;
  uint64_t epoch_bits_ = 0;
  size_t at_ = 0, end_ = 0;  // its part in hand: up to the next schema change
  size_t heading_ = 0;       // the next
  std::vector<Insert> inserts_;
  std::vector<Insert*> ways_;  // what each has under way
  std::vector<Bytes> bodies_;  // of a way whose statement stands in front of the rows
  std::vector<Refusal> refused_;
};

Result<void> ClickhouseSink::open(std::string_view saved) {
  epoch_.restore(saved);
  if (!nodes_) {
    SLUICE_ASSIGN(made, HttpNodes::make(options_.nodes, options_.connections, interrupt_));
    nodes_ = std::move(made);
    server_.emplace(*nodes_, headers_);
    ways_.resize(options_.connections);
    bodies_.resize(options_.connections);
  }
  // Old servers would refuse each table, or bend dates before 1925.
  auto asked = server_->ask("SELECT version()");
  if (!asked && nodes_->answer(0).outcome == HttpAnswer::Outcome::Certificate)
    return fatal("{}", asked.error().what);
  SLUICE_ASSIGN(answer, std::move(asked));
  if (!answer) return fatal("cannot learn the server's version: {}", server_->why());
  Version version = Version::parse(*answer);
  if (!options_.rows.basic_types && version < kAllTypes) {
    return fatal("ClickHouse {} lacks types that are asked for (types: current); say types: basic",
                 answer->substr(0, answer->find('\n')));
  }
  waits_ = version >= kAsyncInserts;
  return {};
}

bool ClickhouseSink::is_schema_change(const Delivery& delivery, size_t message) const {
  const Message& each = delivery.messages[message];
  return !each.no_value && delivery.batch.changes[each.change].op == Op::Ddl;
}

// The rows up to the next schema change, or to where the rows of a table get another shape.
void ClickhouseSink::gather(const Delivery& delivery) {
  inserts_.clear();
  std::vector<size_t> places(delivery.destinations(), SIZE_MAX);  // in inserts_
  for (end_ = at_; end_ < delivery.messages.size(); ++end_) {
    uint32_t destination = delivery.address(end_).destination;
    // Also those of schema changes, which lie behind.
    while (heading_ < delivery.headings.size() && delivery.headings[heading_].message <= end_) {
      const Heading& heading = delivery.headings[heading_];
      uint32_t of = delivery.address(heading.message).destination;
      if (places[of] != SIZE_MAX) return;
      shapes_[std::string(delivery.destination(of))] = delivery.text(heading);
      ++heading_;
    }
    if (is_schema_change(delivery, end_)) return;
    if (delivery.messages[end_].no_value) {
      refused_.push_back({end_, std::string(delivery.value(end_))});
      continue;
    }
    size_t& place = places[destination];
    if (place == SIZE_MAX) {
      place = inserts_.size();
      inserts_.emplace_back(destination, shapes_[std::string(delivery.destination(destination))]);
    }
    inserts_[place].add(static_cast<uint32_t>(end_));
  }
}

Result<void> ClickhouseSink::fit(const Delivery& delivery) {
  for (Insert& insert : inserts_) {
    if (insert.done()) continue;
    SLUICE_ASSIGN(fault, tables_.fit(*server_, std::string(delivery.destination(insert.destination())),
                                     insert.shape()));
    if (fault.empty()) continue;
    for (uint32_t message : insert.messages()) refused_.push_back({message, fault});
    insert.give_up();
  }
  return {};
}

// Each insert makes a part, which the server must merge.
Result<void> ClickhouseSink::wait_for_more() {
  size_t rows = 0;
  for (const Insert& insert : inserts_) rows += insert.rows();
  if (rows == 0 || rows >= options_.few_rows) return {};
  auto left = std::chrono::ceil<std::chrono::milliseconds>(inserted_ + options_.interval - steady_now());
  if (left.count() <= 0) return {};
  pollfd stop{interrupt_.descriptor(), POLLIN, 0};
  poll(&stop, 1, static_cast<int>(left.count()));
  if (interrupt_.raised()) return stopped();
  return {};
}

void ClickhouseSink::start(const Delivery& delivery, size_t way, Insert& insert) {
  std::string_view rows = insert.make(delivery, epoch_bits_);
  Target name = Target::parse(delivery.destination(insert.destination()));
  std::string statement = fmt::format("INSERT INTO {} ({}) FORMAT RowBinary", name.quoted(),
                                      Shape::parse(insert.shape()).names());
  // What the server may have been told to put off is not safe.
  std::string path = waits_ ? "/?wait_for_async_insert=1&" : "/?";
  std::string query = "query=" + url_escaped(statement);
  if (path.size() + query.size() <= kMostPath) {
    path += query;
  } else {
    Bytes& body = bodies_[way];
    body.clear();
    body.append(statement);
    body.push('\n');
    body.append(rows);
    rows = body.view();
  }
  ways_[way] = &insert;
  nodes_->start(way, {.path = std::move(path), .headers = headers_, .body = rows});
}

Result<void> ClickhouseSink::settle(const Delivery& delivery, size_t way) {
  Insert& insert = *std::exchange(ways_[way], nullptr);
  const HttpAnswer& answer = nodes_->answer(way);
  if (answer.outcome == HttpAnswer::Outcome::Answered && answer.status == 200) {
    taken_ = true;
    inserted_ = steady_now();
    insert.taken();
    return {};
  }
  std::string words = nodes_->told(way);
  pause_ = std::max<std::chrono::microseconds>(pause_, std::min(answer.retry_after, kMostPause));
  switch (verdict_of(answer)) {
    case Verdict::Rows:
      if (insert.halve()) return {};
      refused_.push_back({*insert.begin(), std::move(words)});
      insert.taken();
      return {};
    case Verdict::Structure: tables_.forget(std::string(delivery.destination(insert.destination()))); break;
    case Verdict::Login:
      if (taken_) break;
      insert.again();
      if (answer.outcome == HttpAnswer::Outcome::Answered) break;
      return fatal("{}", words);
    default:
      if (code_of(answer.body) == kTooManyParts)
        pause_ = std::max<std::chrono::microseconds>(pause_, kPartsPause);
  }
  insert.again();
  return retryable("{}", words);
}

Result<void> ClickhouseSink::send(const Delivery& delivery) {
  Result<void> result;
  size_t active = 0;
  // After a failure no new request begins; those under way are waited for, so that little is repeated.
  for (;;) {
    for (size_t way = 0; result && way < ways_.size(); ++way) {
      if (ways_[way]) continue;
      auto next = std::find_if(inserts_.begin(), inserts_.end(),
                               [](const Insert& each) { return !each.done() && !each.under_way(); });
      if (next == inserts_.end()) break;
      start(delivery, way, *next);
      ++active;
    }
    if (active == 0) return result;
    auto ended = nodes_->wait();
    if (!ended) {
      for (Insert& insert : inserts_) insert.again();
      std::fill(ways_.begin(), ways_.end(), nullptr);
      return tl::unexpected(std::move(ended).error());
    }
    --active;
    auto settled = settle(delivery, *ended);
    if (result && !settled) result = std::move(settled);
  }
}

Result<void> ClickhouseSink::follow(const Delivery& delivery, size_t message) {
  std::string destination(delivery.destination(delivery.address(message).destination));
  SLUICE_ASSIGN(fault, tables_.follow(*server_, destination, delivery.value(message)));
  if (!fault.empty()) refused_.push_back({message, std::move(fault)});
  return {};
}

Result<void> ClickhouseSink::write(const Delivery& delivery) {
  pause_ = {};
  if (delivery.batch.sequence != sequence_) {
    sequence_ = delivery.batch.sequence;
    epoch_bits_ = epoch_.bits(delivery.batch.resume.server_uuid);
    refused_.clear();
    at_ = end_ = heading_ = 0;
    inserts_.clear();
  }
  while (at_ < delivery.messages.size()) {
    if (end_ <= at_ && inserts_.empty()) {
      gather(delivery);
      SLUICE_TRY(wait_for_more());
    }
    SLUICE_TRY(fit(delivery));
    SLUICE_TRY(send(delivery));
    inserts_.clear();
    at_ = end_;
    if (at_ < delivery.messages.size() && is_schema_change(delivery, at_)) {
      SLUICE_TRY(follow(delivery, at_));
      end_ = ++at_;
    }
  }
  std::sort(refused_.begin(), refused_.end(),
            [](const Refusal& a, const Refusal& b) { return a.message < b.message; });
  return {};
}

// A full stop parts the database from the table.
void escape_place(Bytes& out, size_t begin) {
  for (size_t i = begin; i < out.size(); ++i) {
    if (out.data()[i] == '.') out.data()[i] = '_';
  }
}

Result<std::unique_ptr<Sink>> make(const Settings& settings) {
  SLUICE_ASSIGN(options, parse_options(settings));
  return std::make_unique<ClickhouseSink>(std::move(options));
}

Result<std::unique_ptr<Encoder>> encoder(const Settings& settings) {
  SLUICE_ASSIGN(options, parse_options(settings));
  return make_row_binary(std::move(options.rows));
}

constexpr Addressing kAddressing{.option = "table", .escape_place = escape_place, .places = Places::Names};

}  // namespace

const SinkType clickhouse_sink{.name = "clickhouse",
                               .summary = "tables of ClickHouse, in which the newest row of a key counts",
                               .options = option_table(),
                               .make = make,
                               .addressing = &kAddressing,
                               .encoder = encoder};

}  // namespace sluice
