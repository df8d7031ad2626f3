#include "app/bounded_source.h"

#include <gtest/gtest.h>

#include <deque>
#include <utility>

namespace sluice::app {
namespace {

// Hands over transactions of two changes each, at offsets 100, 200, … of one log, a second apart, with GTIDs
// uuid:1, uuid:2, …; `per_batch` changes a batch, so that transactions are cut in two where it is odd.
class Numbered : public Source {
 public:
  Numbered(unsigned transactions, unsigned per_batch) : left_(transactions * 2), per_batch_(per_batch) {}

  Result<void> open(const Position&) override {
    if (opens_++ == 0 && refuse_) return retryable("not there");
    return {};
  }
  Result<More> read(Batch& batch) override {
    if (std::exchange(announces_, false)) return More::Yes;  // where it starts
    for (unsigned i = 0; i < per_batch_ && left_ > 0; ++i, --left_, ++next_) {
      unsigned number = next_ / 2 + 1;
      bool last = next_ % 2 == 1;
      std::string_view gtid = batch.arena.copy(fmt::format("{}:{}", kUuid, number));
      batch.transactions.push_back({.id = gtid, .gtid = gtid, .begin = number * 100});
      batch.events.push_back({.file = "bin.000001", .offset = number * 100, .timestamp = 1000 + number});
      auto at = static_cast<uint32_t>(batch.events.size() - 1);
      batch.changes.push_back(
          {.op = Op::Insert, .last = last, .index = next_ % 2, .transaction = at, .event = at});
      if (last) {
        position_.file = "bin.000001";
        position_.offset = (number + 1) * 100;
        position_.gtids = GtidSet::parse(fmt::format("{}:1-{}", kUuid, number)).value();
      }
    }
    batch.resume = position_;
    return left_ > 0 ? More::Yes : More::End;
  }
  void interrupt() noexcept override {}

  static constexpr const char* kUuid = "00000000-0000-0000-0000-000000000001";
  bool refuse_ = false;

 private:
  unsigned left_, per_batch_, next_ = 0, opens_ = 0;
  bool announces_ = true;
  Position position_;
};

// How many changes come out, and in how many batches.
std::pair<size_t, size_t> count(const std::string& until, unsigned per_batch) {
  auto end = parse_start_point(until);
  EXPECT_TRUE(end) << until;
  BoundedSource source(std::make_unique<Numbered>(10, per_batch), {.until = *end});
  EXPECT_TRUE(source.open({}));
  size_t changes = 0, batches = 0;
  for (;;) {
    Batch batch;
    auto more = source.read(batch);
    EXPECT_TRUE(more);
    ++batches;
    changes += batch.changes.size();
    if (!more || *more == Source::More::End) return {changes, batches};
  }
}

TEST(BoundedSource, EndsBeforeTheTransactionAtThePlace) {
  const std::string uuid = Numbered::kUuid;
  const std::pair<std::string, size_t> cases[] = {
      {"bin.000001:500", 8},
      {"bin.000001:100", 0},
      {"bin.000001:450", 8},
      {"bin.000001:5000", 20},
      {"bin.000002:4", 20},
      {uuid + ":1-3", 6},
      {uuid + ":3", 6},
      {uuid + ":1-10", 20},
      {"1970-01-01T00:16:44Z", 6},  // 1004 s
      {"1970-01-01T00:00:01Z", 0},
      {"1970-01-01T01:00:00Z", 20},
  };
  for (const auto& [until, changes] : cases) {
    for (unsigned per_batch : {1u, 3u, 4u, 100u}) {
      EXPECT_EQ(count(until, per_batch).first, changes) << until << ", " << per_batch << " changes a batch";
    }
  }
  // And does not read on behind it.
  EXPECT_EQ(count("bin.000001:300", 4).second, 2u);
}

TEST(BoundedSource, AServerThatIsNotThereAtFirstIsFatalOnlyForTheImpatient) {
  for (bool patient : {true, false}) {
    auto inner = std::make_unique<Numbered>(1, 1);
    inner->refuse_ = true;
    BoundedSource source(std::move(inner), {.patient = patient});
    auto opened = source.open({});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().fault, patient ? Fault::Retryable : Fault::Fatal);
  }
}

// Its login is taken away: each open() and read() fails with what `fault` says, once it is set.
class Locked : public Source {
 public:
  explicit Locked(std::optional<Fault>& fault, uint64_t bytes) : fault_(fault), bytes_(bytes) {}
  Result<void> open(const Position&) override {
    if (fault_) return Failure({*fault_, "locked"});
    return {};
  }
  Result<More> read(Batch& batch) override {
    if (fault_) return Failure({*fault_, "locked"});
    batch.log_bytes = bytes_;
    return More::Yes;
  }
  void interrupt() noexcept override {}

 private:
  std::optional<Fault>& fault_;
  uint64_t bytes_;
};

TEST(BoundedSource, WaitsForWhatIsTakenAwayOnceTheLogWasRead) {
  struct Case {
    bool patient;
    uint64_t bytes;  // of the log, read before
    Fault fault, expected;
  };
  for (const Case& c :
       {Case{true, 10, Fault::Usage, Fault::Retryable}, Case{true, 0, Fault::Usage, Fault::Usage},
        Case{false, 10, Fault::Usage, Fault::Usage}, Case{true, 10, Fault::Fatal, Fault::Fatal},
        Case{true, 10, Fault::Stopped, Fault::Stopped}}) {
    std::optional<Fault> fault;
    BoundedSource source(std::make_unique<Locked>(fault, c.bytes), {.until = {}, .patient = c.patient});
    Batch batch;
    ASSERT_TRUE(source.open({}));
    ASSERT_TRUE(source.read(batch));
    fault = c.fault;
    std::string what =
        fmt::format("patient {}, {} bytes read, fault {}", c.patient, c.bytes, static_cast<int>(c.fault));
    EXPECT_EQ(source.read(batch).error().fault, c.expected) << what;
    EXPECT_EQ(source.open({}).error().fault, c.expected) << what;
  }
}

}  // namespace
}  // namespace sluice::app
