#include "transform/mask/mask.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <set>

#include "format/plain.h"
#include "rule/decimal.h"
#include "support/allocations.h"
#include "support/mask_rule.h"
#include "support/sample.h"

namespace sluice::mask {
namespace {

using namespace sample;

const Secret kKey{"0123456789abcdef0123456789abcdef"};

Column column(std::string name, ColumnType type) {
  Column made{.name = std::move(name), .type = type};
  if (type >= ColumnType::Char && type <= ColumnType::LongText) made.charset = "utf8mb4";
  if (type == ColumnType::Enum || type == ColumnType::Set) made.members = {"a", "b"};
  if (type == ColumnType::Decimal) made.precision = 10, made.scale = 2;
  return made;
}

ColumnType type_named(std::string_view name) {
  const std::pair<std::string_view, ColumnType> kTypes[] = {{"varchar", ColumnType::VarChar},
                                                            {"int", ColumnType::Int},
                                                            {"smallint", ColumnType::SmallInt},
                                                            {"bigint", ColumnType::BigInt},
                                                            {"blob", ColumnType::Blob},
                                                            {"double", ColumnType::Double},
                                                            {"decimal(10,2)", ColumnType::Decimal},
                                                            {"date", ColumnType::Date},
                                                            {"datetime", ColumnType::DateTime},
                                                            {"enum", ColumnType::Enum},
                                                            {"set", ColumnType::Set},
                                                            {"bit", ColumnType::Bit}};
  for (auto [known, type] : kTypes) {
    if (known == name) return type;
  }
  ADD_FAILURE() << "no type " << name;
  return ColumnType::Unknown;
}

unsigned part(std::string_view text, size_t at, size_t size) {
  return static_cast<unsigned>(std::stoul(std::string(text.substr(at, size))));
}

Cell cell_of(Sample& sample, ColumnType type, std::string_view text) {
  switch (type) {
    case ColumnType::VarChar: return sample.text(text);
    case ColumnType::Blob: return sample.bytes(Kind::Blob, text);
    case ColumnType::Double: return real(Kind::Double, std::stod(std::string(text)));
    case ColumnType::Decimal: return sample.decimal(text, 10, 2);
    case ColumnType::Date: return date(part(text, 0, 4), part(text, 5, 2), part(text, 8, 2));
    case ColumnType::DateTime:
      return datetime(part(text, 0, 4), part(text, 5, 2), part(text, 8, 2), part(text, 11, 2),
                      part(text, 14, 2), part(text, 17, 2), 0, 0);
    case ColumnType::Enum: return of(Kind::Enum, text == "a" ? 1 : 2);
    case ColumnType::Set: return of(Kind::Set, text == "a" ? 1 : 2);
    case ColumnType::Bit: return of(Kind::Bit, std::stoull(std::string(text)), 8);
    default: return integer(std::stoll(std::string(text)));
  }
}

std::shared_ptr<const MaskSetup> setup(
    std::initializer_list<std::pair<std::string_view, std::string>> rules) {
  auto made = std::make_shared<MaskSetup>();
  made->key = kKey;
  for (const auto& [text, pattern] : rules) made->rules.push_back(test::mask_rule(text, pattern));
  return made;
}

std::string shown(const Cell& cell, const Column& column) {
  if (cell.kind == Kind::Missing) return "missing";
  if (cell.kind == Kind::Null) return "NULL";
  Bytes out;
  append_plain(out, cell, column);
  return "`" + std::string(out.view()) + "`";
}

std::string masked(std::string_view mask, ColumnType type, std::string_view value) {
  Sample sample;
  TablePtr table = freeze({.database = "shop", .name = "t", .columns = {column("c", type)}});
  sample.add(Op::Insert, table, {}, {cell_of(sample, type, value)});
  auto done = make_mask(setup({{mask, "shop.t.c"}}))->apply(sample.batch);
  if (!done) return done.error().what;
  const Change& change = sample.batch.changes[0];
  return shown(change.after[0], change.table->columns[0]);
}

// The rows of the manual's table with four cells of which the first is a mask.
TEST(Mask, DoesWhatTheManualSays) {
  std::ifstream file(std::string(SLUICE_TEST_DIR) + "/../docs/masks.md");
  std::string line;
  size_t count = 0;
  while (std::getline(file, line)) {
    if (!line.starts_with("| `{with")) continue;
    std::vector<std::string> cells;
    for (size_t at = 2; at < line.size();) {
      size_t end = line.find(" | ", at);
      if (end == line.npos) end = line.rfind(" |");
      cells.push_back(line.substr(at, end - at));
      at = end + 3;
    }
    ASSERT_EQ(cells.size(), 4U) << line;
    auto bare = [](const std::string& cell, size_t cut) { return cell.substr(cut, cell.size() - 2 * cut); };
    EXPECT_EQ(masked(bare(cells[0], 2), type_named(bare(cells[1], 1)), bare(cells[2], 1)), cells[3]) << line;
    ++count;
  }
  EXPECT_GE(count, 45U);
}

TEST(Mask, RefusesWhatItDoesNotTake) {
  const std::pair<std::string_view, ColumnType> cases[] = {
      {"with: phone", ColumnType::BigInt},
      {"with: email", ColumnType::Blob},
      {"with: name", ColumnType::Date},
      {"with: card", ColumnType::Json},
      {"with: truncate, length: 3", ColumnType::Int},
      {"with: round, to: 10", ColumnType::VarChar},
      {"with: round, to: 0.5", ColumnType::Int},
      {"with: noise, within: 3", ColumnType::Date},
      {"with: shift", ColumnType::Time},
      {"with: shift, by: nothing", ColumnType::Date},
      {"with: fpe", ColumnType::SmallInt},
      {"with: fpe", ColumnType::Blob},
      {"with: regex, match: x", ColumnType::Int},
      {"with: fixed, value: x", ColumnType::Int},
      {"with: fixed, value: c", ColumnType::Enum},
      {"with: fixed, value: 31", ColumnType::Date},
      {"with: fixed, value: 32768", ColumnType::SmallInt},
      {"with: fixed, value: -32769", ColumnType::SmallInt},
      {"with: fixed, value: nan", ColumnType::Double},
      {"with: fixed, value: 1e39", ColumnType::Float},
      {"with: noise, within: 0.001", ColumnType::Decimal},
  };
  for (auto [mask, type] : cases) {
    Table table{.database = "shop", .name = "t", .columns = {column("c", type)}};
    auto checked = setup({{mask, "*"}})->masked(*freeze(table));
    ASSERT_FALSE(checked) << mask << " for type " << static_cast<int>(type);
    EXPECT_EQ(checked.error().fault, Fault::Usage) << checked.error().what;
    EXPECT_TRUE(checked.error().what.starts_with("test.yaml:1:1: ")) << checked.error().what;
  }
}

TEST(Mask, TakesEveryTypeWithHashAndNullAndDrop) {
  for (int type = 1; type <= static_cast<int>(ColumnType::Inet6); ++type) {
    Table table{.database = "shop", .name = "t", .columns = {column("c", static_cast<ColumnType>(type))}};
    TablePtr frozen = freeze(table);
    for (std::string_view mask : {"with: hash", "with: null", "with: drop"}) {
      auto checked = setup({{mask, "*"}})->masked(*frozen);
      EXPECT_TRUE(checked) << mask << " for type " << type << ": " << checked.error().what;
    }
  }
}

TEST(Mask, ShowsNoLabelOfAMaskedColumn) {
  for (ColumnType type : {ColumnType::Enum, ColumnType::Set}) {
    for (std::string_view mask : {"with: hash", "with: null", "with: fixed, value: b"}) {
      Column plain = column("c", type);
      plain.declared = "enum('a','b')";
      Table table{.database = "shop", .name = "t", .columns = {plain}};
      auto checked = setup({{mask, "*"}})->masked(*freeze(table));
      ASSERT_TRUE(checked) << mask;
      EXPECT_TRUE((*checked)->columns[0].members.empty()) << mask;
      EXPECT_TRUE((*checked)->columns[0].declared.starts_with("varchar(")) << mask;
    }
  }
}

struct Customers {
  Sample sample;
  TablePtr table = freeze({.database = "shop",
                           .name = "customers",
                           .columns = {column("id", ColumnType::Int), column("email", ColumnType::VarChar),
                                       column("born", ColumnType::Date), column("note", ColumnType::VarChar)},
                           .key = {0, 1},
                           .unique = {{"email", {1}}}});
};

TEST(Mask, HidesBothImagesAndTheKey) {
  Customers shop;
  shop.sample.add(Op::Update, shop.table,
                  {integer(1), shop.sample.text("old@x.de"), null(), shop.sample.text("n")},
                  {missing(), shop.sample.text("new@x.de"), missing(), shop.sample.text("n")});
  auto done = make_mask(setup({{"with: keep", "*.customers.note"},
                               {"with: email", "shop.customers.email"},
                               {"with: drop", "*.id"},
                               {"with: null", "*.born"},
                               {"with: null", "*.note"}}))
                  ->apply(shop.sample.batch);
  ASSERT_TRUE(done) << done.error().what;
  const Change& change = shop.sample.batch.changes[0];
  ASSERT_EQ(change.table->columns.size(), 3U);
  EXPECT_TRUE(change.table->key.empty());
  EXPECT_TRUE(change.table->unique.empty());
  EXPECT_EQ(change.before[0].bytes(), "o***@x.de");
  EXPECT_EQ(change.after[0].bytes(), "n***@x.de");
  EXPECT_EQ(change.before[1].kind, Kind::Null);
  EXPECT_EQ(change.after[1].kind, Kind::Missing);
  EXPECT_EQ(change.after[2].bytes(), "n");
  EXPECT_EQ(change.before.text_bytes, 10U);
}

TEST(Mask, MeansColumnsInAnyCase) {
  Table table{.database = "Shop", .name = "T", .columns = {column("Phone", ColumnType::VarChar)}};
  for (const char* pattern :
       {"shop.t.phone", "SHOP.T.PHONE", "*.pHone", "/shop[.]t[.]PHONE/", "/SHOP/./t[.]phone/"}) {
    EXPECT_NE(setup({{"with: hash", pattern}})->rules_of(table, table.columns[0]).whole, nullptr) << pattern;
  }
  for (const char* pattern : {"shop.t.phones", "!*.phone", "/phone/"}) {
    EXPECT_EQ(setup({{"with: hash", pattern}})->rules_of(table, table.columns[0]).whole, nullptr) << pattern;
  }
}

TEST(Mask, DropsHashesOfKeysThatTheServerAdds) {
  Column hash = column("DB_ROW_HASH_1", ColumnType::BigInt);
  hash.hidden = true;
  TablePtr table = freeze(
      {.database = "shop", .name = "t", .columns = {column("phone", ColumnType::Text), hash}, .key = {1}});
  auto names = [&](std::initializer_list<std::pair<std::string_view, std::string>> rules) {
    auto masked = setup(rules)->masked(*table);
    EXPECT_TRUE(masked) << masked.error().what;
    std::string all;
    for (const Column& each : (*masked ? **masked : *table).columns) all += each.name + " ";
    return all;
  };
  EXPECT_EQ(names({{"with: hash", "*.phone"}}), "phone ");
  EXPECT_EQ(names({{"with: keep", "*.phone"}}), "phone DB_ROW_HASH_1 ");
  EXPECT_EQ(names({{"with: hash", "*.phone"}, {"with: keep", "*.db_row_hash_*"}}), "phone DB_ROW_HASH_1 ");
  Sample sample;
  sample.add(Op::Insert, table, {}, {sample.text("1234567"), integer(4711)});
  ASSERT_TRUE(make_mask(setup({{"with: phone", "*.phone"}}))->apply(sample.batch));
  EXPECT_EQ(sample.batch.changes[0].after.count, 1u);
}

TEST(Mask, SaysWhichColumnLosesItsMaskByANewName) {
  auto masks = setup({{"with: keep", "*.shown"}, {"with: phone", "*.phone*"}});
  auto table = [](std::initializer_list<const char*> names) {
    Table made{.database = "shop", .name = "t"};
    for (const char* name : names) made.columns.push_back(column(name, ColumnType::VarChar));
    return freeze(std::move(made));
  };
  TablePtr before = table({"id", "Phone", "note"});
  auto judged = [&](std::initializer_list<const char*> names, std::vector<uint32_t> origins) {
    auto stay = masks->stay_masked(*before, *table(names), origins);
    return stay ? "" : stay.error().what;
  };
  constexpr uint32_t kNew = UINT32_MAX;
  EXPECT_EQ(
      judged({"id", "tel", "note"}, {0, 1, 2}),
      "shop.t.Phone, which test.yaml:1:1 masks, is called tel from here on, and no rule names that; let "
      "one name it, with 'keep' if it is to be seen");
  EXPECT_NE(judged({"id", "note", "phone"}, {0, 1, 2}), "");  // they changed names
  EXPECT_EQ(judged({"id", "phone2", "note"}, {0, 1, 2}), "");
  EXPECT_EQ(judged({"id", "shown", "note"}, {0, 1, 2}), "");
  EXPECT_EQ(judged({"id", "PHONE", "remark"}, {0, 1, 2}), "");
  EXPECT_EQ(judged({"id", "tel", "note"}, {0, kNew, 2}), "");  // dropped, and another one added
  EXPECT_EQ(judged({"id", "note", "tel", "hidden"}, {0, 2, kNew}), "");
}

TEST(Mask, MakesRoomForItsStars) {
  const struct {
    std::string_view mask, longest, becomes;
  } cases[] = {{"with: name", "a b ", "*** *** "},
               {"with: address", "1,2,", "***,***,"},
               {"with: email", "ab@c", "a***@c"}};
  for (const auto& each : cases) {
    for (ColumnType type : {ColumnType::VarChar, ColumnType::Char}) {
      Sample sample;
      Column narrow = column("c", type);
      narrow.length = static_cast<uint32_t>(each.longest.size());
      TablePtr table = freeze({.database = "shop", .name = "t", .columns = {narrow}});
      sample.add(Op::Insert, table, {}, {sample.text(each.longest)});
      ASSERT_TRUE(make_mask(setup({{each.mask, "*"}}))->apply(sample.batch));
      const Change& change = sample.batch.changes[0];
      EXPECT_EQ(change.after[0].bytes(), each.becomes);
      const Column& made = change.table->columns[0];
      EXPECT_GE(made.length, each.becomes.size()) << each.mask;
      EXPECT_EQ(made.declared, fmt::format("varchar({})", made.length));
    }
  }
}

TEST(Mask, FixedTakesNullToo) {
  Customers shop;
  shop.sample.add(Op::Insert, shop.table, {}, {integer(1), null(), null(), missing()});
  ASSERT_TRUE(make_mask(setup({{"with: fixed, value: x, nulls: true", "*.email"},
                               {"with: fixed, value: x, nulls: true", "*.note"}}))
                  ->apply(shop.sample.batch));
  const Change& change = shop.sample.batch.changes[0];
  EXPECT_EQ(change.after[1].bytes(), "x");
  EXPECT_EQ(change.after[3].kind, Kind::Missing);
}

TEST(Mask, ShiftsAllDatesOfOneKeyAlike) {
  Customers shop;
  std::set<int64_t> distances;
  for (int id = 0; id < 40; ++id) {
    shop.sample.add(Op::Update, shop.table, {integer(id), null(), date(2024, 1, 31), null()},
                    {missing(), null(), date(2024, 3, 31), null()});
  }
  ASSERT_TRUE(make_mask(setup({{"with: shift, days: 30, by: Id", "*.born"}}))->apply(shop.sample.batch));
  for (const Change& change : shop.sample.batch.changes) {
    auto days = [](const Cell& cell) {  // of 2023-12 to 2024-05, from 2023-12-01 on
      constexpr int64_t kBefore[] = {31, 62, 91, 122, 152};
      uint64_t month = cell.u >> 5 & 15;
      return (month == 12 ? 0 : kBefore[month - 1]) + static_cast<int64_t>(cell.u & 31);
    };
    EXPECT_EQ(days(change.after[2]) - days(change.before[2]), 60);
    int64_t moved = days(change.before[2]) - 62;
    EXPECT_NE(moved, 0);
    EXPECT_LE(std::abs(moved), 30);
    distances.insert(moved);
  }
  EXPECT_GT(distances.size(), 10U);
}

TEST(Mask, StopsWhereTheShiftingColumnIsNotThere) {
  Customers shop;
  shop.sample.add(Op::Insert, shop.table, {}, {missing(), null(), date(2024, 1, 31), null()});
  auto done = make_mask(setup({{"with: shift, by: id", "*.born"}}))->apply(shop.sample.batch);
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().what.find("binlog_row_image=FULL"), std::string::npos) << done.error().what;
}

TEST(Mask, SaysNoValueWhereItStops) {
  for (std::string_view mask : {"with: fpe", "with: regex, match: ^x+$"}) {
    Customers shop;
    shop.sample.add(Op::Insert, shop.table, {}, {integer(1), shop.sample.text("s3cr3t"), null(), null()});
    auto done = make_mask(setup({{mask, "*.email"}}))->apply(shop.sample.batch);
    ASSERT_FALSE(done) << mask;
    EXPECT_EQ(done.error().what.find("s3cr3t"), std::string::npos) << done.error().what;
    EXPECT_NE(done.error().what.find("shop.customers.email"), std::string::npos) << done.error().what;
  }
}

TEST(Mask, AsksForTheNamesOfColumns) {
  Customers shop;
  Table bare = *shop.table;
  bare.named = false;
  auto checked = setup({{"with: hash", "shop.other.email"}})->masked(*freeze(bare));
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().what.find("binlog_row_metadata=FULL"), std::string::npos);
}

TEST(Mask, BlanksStatements) {
  Customers shop;
  shop.sample.event().query = shop.sample.keep("update customers set email='s3cr3t@x.de' where id = 4711");
  shop.sample.add(Op::Insert, shop.table, {}, {integer(1), null(), null(), null()});
  shop.sample.batch.events.push_back(shop.sample.event());
  Event& ddl = shop.sample.batch.events.back();
  ddl.query = shop.sample.keep("alter table customers add x varchar(20) default 's3cr3t' comment 's3cr3t'");
  ddl.ddl_before = shop.table.get();
  shop.sample.batch.changes.push_back({.op = Op::Ddl, .event = 1, .table = shop.table.get()});
  ASSERT_TRUE(make_mask(setup({{"with: drop", "*.email"}}))->apply(shop.sample.batch));
  EXPECT_EQ(shop.sample.batch.events[0].query, "update customers set email=? where id = ?");
  EXPECT_EQ(shop.sample.batch.events[1].query, "alter table customers add x varchar(20)");
  EXPECT_EQ(shop.sample.batch.events[1].ddl_before->columns.size(), 3U);
  EXPECT_EQ(shop.sample.batch.changes[1].table->columns.size(), 3U);
}

TEST(Mask, FpeMakesOneOfOneAndKeepsTheShape) {
  constexpr int kRows = 3000;
  std::mt19937 dice(11);
  Sample sample;
  TablePtr table = freeze({.database = "shop",
                           .name = "t",
                           .columns = {column("text", ColumnType::VarChar), column("whole", ColumnType::Int),
                                       column("decimal", ColumnType::Decimal)}});
  std::vector<std::string> plain;
  for (int i = 0; i < kRows; ++i) {
    plain.push_back(fmt::format("{:04}-{:06}/{:02}", i, dice() % 1'000'000, dice() % 100));
    sample.add(
        Op::Insert, table, {},
        {sample.text(plain.back()), integer(i - kRows / 2),
         sample.decimal(fmt::format("{}{}.{:02}", i % 2 ? "-" : "", i / 100 + 1, i / 2 % 100), 10, 2)});
  }
  ASSERT_TRUE(make_mask(setup({{"with: fpe", "*"}}))->apply(sample.batch));
  std::set<std::string> texts, decimals;
  std::set<int64_t> wholes;
  for (int i = 0; i < kRows; ++i) {
    const Row& row = sample.batch.changes[i].after;
    std::string text(row[0].bytes());
    ASSERT_EQ(text.size(), plain[i].size());
    for (size_t c = 0; c < text.size(); ++c) {
      bool digit = std::isdigit(static_cast<unsigned char>(plain[i][c]));
      ASSERT_EQ(digit, std::isdigit(static_cast<unsigned char>(text[c])) != 0) << plain[i] << " " << text;
      ASSERT_TRUE(digit || text[c] == plain[i][c]) << plain[i] << " " << text;
    }
    texts.insert(text);
    ASSERT_EQ(row[1].i < 0, i - kRows / 2 < 0);
    ASSERT_EQ(row[1].i, static_cast<int32_t>(row[1].i));
    wholes.insert(row[1].i);
    decimals.insert(shown(row[2], table->columns[2]));
  }
  EXPECT_EQ(texts.size(), static_cast<size_t>(kRows));
  EXPECT_EQ(wholes.size(), static_cast<size_t>(kRows));
  EXPECT_EQ(decimals.size(), static_cast<size_t>(kRows));
}

TEST(Mask, NoiseStaysWithinAndIsTheSameAgain) {
  for (int value : {-100000, -17, 0, 5, 123456}) {
    for (std::string_view mask : {"with: noise, within: 7", "with: noise, percent: 20"}) {
      std::string once = masked(mask, ColumnType::Int, std::to_string(value));
      EXPECT_EQ(once, masked(mask, ColumnType::Int, std::to_string(value)));
      int made = std::stoi(once.substr(1));
      int most = mask.ends_with("7") ? 7 : std::max(std::abs(value) / 5, 1);
      EXPECT_LE(std::abs(made - value), most) << mask << " of " << value;
      EXPECT_NE(made, value) << mask;
    }
  }
}

TEST(Mask, NoiseLeavesNoDecimalAsItIs) {
  for (std::string_view value : {"0.00", "0.01", "-0.05", "1.00", "47.11", "99999999.99"}) {
    for (std::string_view mask : {"with: noise, within: 0.01", "with: noise, percent: 1"}) {
      std::string made = masked(mask, ColumnType::Decimal, value);
      EXPECT_NE(made, fmt::format("`{}`", value)) << mask;
      if (mask.find("within") != mask.npos && value.size() < 6) {
        EXPECT_NEAR(std::stod(made.substr(1)), std::stod(std::string(value)), 0.0101) << mask;
      }
    }
  }
}

TEST(Mask, AllocatesNothingOnceWarm) {
  Customers shop;
  for (int i = 0; i < 100; ++i) {
    shop.sample.add(Op::Update, shop.table,
                    {integer(i + 10'000'000), shop.sample.text("12345678"), date(2024, 1, 31),
                     shop.sample.text("Al Ice")},
                    {integer(i), shop.sample.text("87654321"), date(2024, 1, 30), shop.sample.text("Bo Bo")});
  }
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"with: hash", "with: fpe"},
      {"with: noise, within: 10", "with: phone"},
      {"with: round, to: 10", "with: regex, match: ([0-9])[0-9]*, replace: \\1x"},
      {"with: fpe", "with: email"},
  };
  for (auto [id, email] : cases) {
    auto mask = make_mask(setup(
        {{id, "*.id"}, {email, "*.email"}, {"with: shift, by: id", "*.born"}, {"with: name", "*.note"}}));
    std::vector<Change> plain = shop.sample.batch.changes;
    for (int warm = 0; warm < 3; ++warm) {
      ASSERT_TRUE(mask->apply(shop.sample.batch));
      shop.sample.batch.changes = plain;
    }
    size_t held = shop.sample.batch.arena.held();
    size_t before = test::allocations();
    auto done = mask->apply(shop.sample.batch);
    size_t count = test::allocations() - before;
    ASSERT_TRUE(done);
    uint64_t blocks = (shop.sample.batch.arena.held() - held + Arena::kBlockBytes - 1) / Arena::kBlockBytes;
    EXPECT_LE(count, 2 * blocks) << id << ", " << email;  // a block, and at times its place in the list
    shop.sample.batch.changes = plain;
  }
}

}  // namespace
}  // namespace sluice::mask
