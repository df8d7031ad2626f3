// sluice_rule_probe: how many conditions a second one processor judges, by processor time (./do bench
// --rules).
#include <algorithm>
#include <cstdio>

#include "rule/filter.h"
#include "support/sample.h"
#include "support/thread_time.h"

namespace sluice::rule {
namespace {

using namespace sample;

constexpr int kRuns = 5, kRounds = 2000;

void judge() {
  Column price = column("price", ColumnType::Decimal);
  price.precision = 12;
  price.scale = 2;
  TablePtr orders =
      table("shop", "orders",
            {column("id", ColumnType::Int), column("name", ColumnType::VarChar), price,
             column("made", ColumnType::DateTime), column("state", ColumnType::Enum, {"new", "paid"})},
            {0});
  Sample sample;
  for (int i = 0; i < 500; ++i) {
    std::vector<Cell> row = {integer(i), sample.text(i % 2 ? "customer of Berlin" : "somebody else"),
                             sample.decimal(std::to_string(i) + ".50", 12, 2),
                             datetime(2026, 1, 15, 10, i % 60, 0, 0, 0),
                             of(Kind::Enum, 1 + static_cast<uint64_t>(i) % 2)};
    sample.add(Op::Update, orders, row, row);
  }
  for (const char* condition :
       {"id > 250", "name = 'somebody else'", "price >= 99.90", "made < '2026-01-15 10:30:00'",
        "state = 'paid'", "changed(price)", "id IN (1, 5, 9, 100, 200, 300, 400)", "name LIKE 'customer%'",
        "name REGEXP 'Berlin$'", "state = 'paid' AND price * 2 > 100 OR name IS NULL"}) {
    Filter filter(*Rule::parse(condition, "where"));
    double least = 1e9;
    size_t passed = 0;
    for (int run = 0; run < kRuns; ++run) {
      passed = 0;
      double begin = thread_seconds();
      for (int round = 0; round < kRounds; ++round) {
        for (const Change& change : sample.batch.changes)
          passed += *filter.passes(sample.batch, change) ? 1 : 0;
      }
      least = std::min(least, thread_seconds() - begin);
    }
    double count = static_cast<double>(kRounds) * static_cast<double>(sample.batch.changes.size());
    double rate = count / std::max(least, 1e-6);
    std::printf("%-52s %7.1f million a second, %5.1f %% pass\n", condition, rate / 1e6,
                100 * static_cast<double>(passed) / count);
  }
}

}  // namespace
}  // namespace sluice::rule

int main() { sluice::rule::judge(); }
