// sluice_mask_probe: what a masked value costs, by kind, in processor time (./do bench --masks).
#include <algorithm>
#include <cstdio>

#include "support/mask_rule.h"
#include "support/sample.h"
#include "support/thread_time.h"

namespace sluice::mask {
namespace {

using namespace sample;

constexpr int kRuns = 5, kRounds = 400, kRows = 500;

struct Customers {
  Sample sample;
  TablePtr table;

  Customers() {
    Column total = column("total", ColumnType::Decimal);
    total.precision = 12;
    total.scale = 2;
    table = sample::table("shop", "customers",
                          {column("id", ColumnType::Int), column("phone", ColumnType::VarChar),
                           column("email", ColumnType::VarChar), column("name", ColumnType::VarChar),
                           column("card", ColumnType::VarChar), total, column("born", ColumnType::Date),
                           column("doc", ColumnType::LongText)},
                          {0});
    for (int i = 0; i < kRows; ++i) {
      std::string phone = fmt::format("+49 170 {:07}", i * 13);
      sample.add(
          Op::Insert, table, {},
          {integer(i), sample.text(phone), sample.text(fmt::format("alice{}@example.com", i)),
           sample.text("Élodie van der Berg"), sample.text(fmt::format("4111-1111-1111-{:04}", i)),
           sample.decimal(std::to_string(i) + ".50", 12, 2), date(1970 + static_cast<unsigned>(i) % 50, 3, 2),
           sample.text(fmt::format(
               R"({{"id": {}, "tags": ["a", "b"], "home": {{"city": "Bonn", "phone": "{}"}}}})", i, phone))});
    }
  }

  // The least of several runs, for all rows together, in seconds a round.
  double least(const std::shared_ptr<MaskSetup>& setup) {
    auto mask = make_mask(setup);
    Batch work;
    double least = 1e9;
    for (int run = 0; run < kRuns; ++run) {
      double begin = thread_seconds();
      for (int round = 0; round < kRounds; ++round) {
        work.arena.reset();
        work.changes = sample.batch.changes;
        work.events = sample.batch.events;
        auto done = mask->apply(work);
        CHECK(done.has_value());
      }
      least = std::min(least, thread_seconds() - begin);
    }
    return least / kRounds;
  }
};

std::shared_ptr<MaskSetup> setup(std::string_view rule, const char* pattern, std::string_view path = {}) {
  auto made = std::make_shared<MaskSetup>();
  made->key = Secret("0123456789abcdef0123456789abcdef");
  made->rules.push_back(test::mask_rule(rule, pattern));
  if (!path.empty()) made->rules[0].paths.push_back(*rule::JsonPath::parse(path, 0, path, true));
  return made;
}

// What a masked row costs whatever its mask is measured first, and taken off.
void measure() {
  Customers shop;
  double bare = shop.least(setup("with: null", "*.id"));
  std::printf("%-44s %7.1f ns\n", "a row of eight columns, one of them masked", bare / kRows * 1e9);
  const struct {
    std::string_view rule;
    const char* column;
    std::string_view path;
  } cases[] = {
      {"with: phone", "*.phone", {}},
      {"with: email", "*.email", {}},
      {"with: name", "*.name", {}},
      {"with: card", "*.card", {}},
      {"with: fixed, value: x", "*.name", {}},
      {"with: truncate, length: 4", "*.phone", {}},
      {"with: hash", "*.phone", {}},
      {"with: round, to: 10", "*.total", {}},
      {"with: noise, percent: 10", "*.total", {}},
      {"with: shift, by: id", "*.born", {}},
      {"with: fpe", "*.card", {}},
      {"with: fpe", "*.id", {}},
      {"with: regex, match: [0-9]+, replace: #", "*.phone", {}},
      {"with: phone", "*.doc", "$.home.phone"},
      {"with: phone", "*.doc", "$**.phone"},
  };
  for (const auto& each : cases) {
    double cost = std::max(shop.least(setup(each.rule, each.column, each.path)) - bare, 0.0);
    std::string what =
        fmt::format("{} {}{}", each.rule.substr(6), each.column + 2, each.path.empty() ? "" : " ");
    what += each.path;
    std::printf("%-44s %7.1f ns a value\n", what.c_str(), cost / kRows * 1e9);
  }
}

}  // namespace
}  // namespace sluice::mask

int main() { sluice::mask::measure(); }
