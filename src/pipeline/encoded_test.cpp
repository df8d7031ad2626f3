#include "pipeline/encoded.h"

#include <gtest/gtest.h>

#include "support/allocations.h"
#include "support/sample.h"

namespace sluice {
namespace {

using namespace sample;

// The changes' places in their transaction.
class Lister : public Encoder {
 public:
  bool grouped() const override { return true; }
  void encode(const Batch&, std::span<const Change> changes, Outbox& out) override {
    for (const Change& change : changes) out.bytes.push(static_cast<char>('0' + change.index));
  }
  std::unique_ptr<Encoder> clone() const override { return std::make_unique<Lister>(); }
};

class Grouping : public testing::Test {
 protected:
  // Two events of the table `t` with the column `id`, whose values are these, and one of another kind.
  BatchPool::Shared batch() {
    Sample sample;
    sample.batch.events.push_back(sample.batch.events[0]);
    TablePtr t = table("shop", "t", {column("id", ColumnType::Int)}, {0});
    BatchPool::Mine mine = pool_.take();
    uint32_t index = 0;
    auto add = [&](Op op, uint32_t event, int id) {
      Change change =
          op == Op::Delete ? sample.add(op, t, {integer(id)}, {}) : sample.add(op, t, {}, {integer(id)});
      change.index = index++;
      mine->batch.adopt(sample.batch, change);
      mine->batch.changes.back().event = event;
      mine->batch.changes.back().transaction = 0;
    };
    for (int id : {1, 2, 1, 3}) add(Op::Insert, 0, id);
    for (int id : {2, 2}) add(Op::Insert, 1, id);
    for (int id : {1}) add(Op::Delete, 1, id);
    mine->moves = true;
    return BatchPool::Shared(std::move(mine));
  }
  static std::string lines(Encoded& encoded, const BatchPool::Shared& batch) {
    encoded.make(batch, nullptr);
    EXPECT_FALSE(encoded.fault());
    std::string all;
    for (size_t i = 0; i < encoded.outbox().messages.size(); ++i) {
      all += encoded.delivery().value(i);
      all += '/' + std::to_string(encoded.outbox().messages[i].change);
      if (encoded.outbox().addressed()) all += "@" + std::to_string(encoded.outbox().addresses[i].partition);
      all += ' ';
    }
    return all;
  }

  BatchPool pool_{2};
};

TEST_F(Grouping, ChangesOfAnEventShareAMessage) {
  Encoded encoded({std::make_unique<Lister>(), nullptr, nullptr});
  EXPECT_EQ(lines(encoded, batch()), "0123/3 45/5 6/6 ");
}

TEST_F(Grouping, AsFarAsTheyGoToOnePlace) {
  auto setup = std::make_shared<RouteSetup>();
  setup->rules.push_back(
      {.tables = {}, .among = {}, .destination = *Template::parse("x"), .key = {}, .spread = {}});
  Spread& spread = setup->rules.back().spread;
  spread = {.by = Spread::By::Canal, .with_database = false, .primary_key = true, .partitions = 2};
  Encoded encoded({std::make_unique<Lister>(), nullptr, setup});
  // javaHash of a digit is its code: 1 and 3 are odd.
  EXPECT_EQ(lines(encoded, batch()), "023/3@1 1/3@0 45/5@0 6/6@1 ");
}

// As many places as rows: each is found at once, so that the time grows with the rows.
TEST_F(Grouping, ManyPlacesOfOneEvent) {
  constexpr int kRows = 30'000;
  Sample sample;
  TablePtr t = table("shop", "t", {column("id", ColumnType::Int)}, {0});
  BatchPool::Mine mine = pool_.take();
  for (int i = 0; i < kRows; ++i) {
    mine->batch.adopt(sample.batch, sample.add(Op::Insert, t, {}, {integer(i % (kRows / 2))}));
    mine->batch.changes.back().event = mine->batch.changes.back().transaction = 0;
    mine->batch.changes.back().index = 0;
  }
  BatchPool::Shared batch(std::move(mine));
  auto setup = std::make_shared<RouteSetup>();
  setup->rules.push_back({.tables = {},
                          .among = {},
                          .destination = *Template::parse("x"),
                          .key = *Template::parse("{key}"),
                          .spread = {}});
  Encoded encoded({std::make_unique<Lister>(), nullptr, setup});
  encoded.make(batch, nullptr);
  Delivery delivery = encoded.delivery();
  ASSERT_EQ(delivery.messages.size(), size_t{kRows / 2});
  for (size_t i = 0; i < delivery.messages.size(); ++i) {
    ASSERT_EQ(delivery.key(i), std::to_string(i));
    ASSERT_EQ(delivery.value(i), "00") << "both rows, and only those";
  }
}

TEST_F(Grouping, AllocatesNothingOnceItIsWarm) {
  for (bool routed : {false, true}) {
    auto setup = std::make_shared<RouteSetup>();
    setup->rules.push_back({.tables = {},
                            .among = {},
                            .destination = *Template::parse("x"),
                            .key = *Template::parse("{key}"),
                            .spread = {}});
    Encoded encoded({std::make_unique<Lister>(), nullptr, routed ? setup : nullptr});
    BatchPool::Shared same = batch();
    auto once = [&] {
      encoded.make(same, nullptr);
      encoded.clear();
    };
    once();
    once();
    size_t before = test::allocations();
    once();
    EXPECT_EQ(test::allocations() - before, 0U) << (routed ? "with" : "without") << " a route";
  }
}

}  // namespace
}  // namespace sluice
