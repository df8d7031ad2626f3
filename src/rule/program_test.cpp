#include "rule/program.h"

#include <gtest/gtest.h>

#include <string>

#include "support/allocations.h"
#include "support/sample.h"

namespace sluice::rule {
namespace {

using sample::Sample;

Column decimal_column(std::string name, uint8_t precision, uint8_t scale) {
  Column made = sample::column(std::move(name), ColumnType::Decimal);
  made.precision = precision;
  made.scale = scale;
  return made;
}

Column fraction_column(std::string name, ColumnType type, uint8_t digits) {
  Column made = sample::column(std::move(name), type);
  made.fraction_digits = digits;
  return made;
}

// A table with a column of every kind, and an update of one of its rows.
struct Shop {
  Sample sample;
  TablePtr orders = sample::table(
      "shop", "orders",
      {sample::column("id", ColumnType::Int), sample::column("big", ColumnType::BigInt),
       decimal_column("amount", 12, 2), sample::column("ratio", ColumnType::Double),
       sample::column("Name", ColumnType::VarChar), sample::column("nothing", ColumnType::VarChar),
       sample::column("day", ColumnType::Date), fraction_column("made", ColumnType::DateTime, 3),
       fraction_column("seen", ColumnType::Timestamp, 0), fraction_column("lasts", ColumnType::Time, 1),
       sample::column("state", ColumnType::Enum, {"new", "paid"}),
       sample::column("tags", ColumnType::Set, {"a", "b", "c"}), sample::column("raw", ColumnType::VarBinary),
       sample::column("notes", ColumnType::LongText), sample::column("doc", ColumnType::Json),
       sample::column("bits", ColumnType::Bit), sample::column("born", ColumnType::Year),
       sample::column("address", ColumnType::Inet4), sample::column("count", ColumnType::BigInt)},
      {0});
  Change update, insert, remove;

  std::vector<Cell> row(int64_t id, std::string_view amount, std::string_view name) {
    // {"a": 1, "b": [1.5, "x\ny", null, true]}, as MySQL stores it
    static const std::string kDocument = sample::unhex(
        "0002003000120001001300010005010002140061620400"
        "1c000b10000c1800040000040100000000000000f83f03780a79");
    return {
        sample::integer(id),
        sample::of(Kind::Uint, UINT64_MAX),
        sample.decimal(amount, 12, 2),
        sample::real(Kind::Double, 0.5),
        sample.text(name),
        sample::null(),
        sample::date(2026, 1, 15),
        sample::datetime(2026, 1, 15, 10, 30, 5, 123000, 3),
        sample::timestamp(1768473005, 0, 0),
        sample::time(-1, 100, 20, 30, 500000, 1),
        sample::of(Kind::Enum, 2),
        sample::of(Kind::Set, 5),
        sample.bytes(Kind::Blob, std::string_view("\x00\xff", 2)),
        sample.text(
            R"( {"k\u00e9y" : {"n": -1.50, "s": "t\ud83d\ude00"}, "list": [1, [2, 3], "z"], "e": 1e400} )"),
        sample.bytes(Kind::Json, kDocument),
        sample::of(Kind::Bit, 5, 8),
        sample::of(Kind::Year, 1999),
        sample.bytes(Kind::Inet4, std::string_view("\x0a\0\0\x01", 4)),
        sample::integer(3)};
  }

  Shop() {
    auto before = row(7, "12.50", "Bob"), after = row(7, "-100.05", "Zoë");
    update = sample.add(Op::Update, orders, before, after);
    insert = sample.add(Op::Insert, orders, {}, after);
    remove = sample.add(Op::Delete, orders, before, {});
  }
};

std::string spelt(const Value& value) {
  switch (value.kind) {
    case Value::Kind::Null: return "NULL";
    case Value::Kind::Int: return std::to_string(value.i);
    case Value::Kind::Wide: {
      char room[Decimal::kMostText];
      return {room, value.wide->spell(room)};
    }
    case Value::Kind::Real: return fmt::format("{}", value.d);
    case Value::Kind::Text: return "'" + std::string(value.text()) + "'";
    case Value::Kind::Moment: return fmt::format("moment {:x}", value.u);
    case Value::Kind::Time: return fmt::format("time {:x}", value.i);
  }
  return "?";
}

std::string evaluated(std::string_view source, Shop& shop, const Change& change) {
  auto parsed = Expression::parse(source);
  if (!parsed) return parsed.error().what;
  auto program = Program::value(*parsed, *shop.orders);
  if (!program) return program.error().what;
  Frame frame;
  Value value = (*program)->run(shop.sample.batch, change, frame);
  return frame.absent ? "absent " + frame.absent->name : spelt(value);
}

TEST(Rule, Evaluates) {
  struct Case {
    const char *source, *value;
  };
  const Case cases[] = {
      // numbers
      {"1 + 2 * 3", "7"},
      {"id + 1", "8"},
      {"9223372036854775807 + 1", "9223372036854775808"},
      {"big", "18446744073709551615"},
      {"big = 18446744073709551615", "1"},
      {"big > 18446744073709551614.5", "1"},
      {"0.1 + 0.2 = 0.3", "1"},
      {"1e0 / 4", "0.25"},
      {"1 / 3", "0.333333333333333333333333333333"},
      {"2 / 3", "0.666666666666666666666666666667"},
      {"1 / 0", "NULL"},
      {"1 % 0", "NULL"},
      {"1e0 / 0", "NULL"},
      {"-7 % 3", "-1"},
      {"-7.5 % 2", "-1.5"},
      {"1e308 * 10", "NULL"},
      {"99999999999999999999999999999999999999999999999999999999999999999 + 1", "NULL"},
      {"-(-9223372036854775807 - 1)", "9223372036854775808"},
      {"-9223372036854775808 % -1", "0"},
      {"amount * 2", "-200.1"},
      {"OLD.amount + NEW.amount", "-87.55"},
      {"abs(amount)", "100.05"},
      {"round(amount)", "-100"},
      {"round(amount, 1)", "-100.1"},
      {"round(1250, -2)", "1300"},
      {"round(2.5e0)", "2"},
      {"round(amount, -9223372036854775808)", "0"},
      {"round(amount, 99999999999999999999)", "-100.05"},
      {"ratio = 0.5", "1"},
      {"bits + born", "2004"},
      {"'5' + 1", "6"},
      {"'1e1' + 1", "11"},
      {"id = '7'", "1"},
      // logic
      {"NULL AND FALSE", "0"},
      {"NULL AND TRUE", "NULL"},
      {"NULL OR TRUE", "1"},
      {"NULL OR FALSE", "NULL"},
      {"NOT NULL", "NULL"},
      {"NOT 2", "0"},
      {"NULL = NULL", "NULL"},
      {"NULL <=> NULL", "1"},
      {"nothing <=> NULL", "1"},
      {"id <=> NULL", "0"},
      {"nothing IS NULL", "1"},
      {"nothing IS NOT NULL", "0"},
      {"nothing = 'x' OR id = 7", "1"},
      {"id IN (1, 7, NULL)", "1"},
      {"id IN (1, 8, NULL)", "NULL"},
      {"id NOT IN (1, 8)", "1"},
      {"id + 9007199254740985 IN (5, 9007199254740993, 9007199254740992e0, 9007199254740992)", "1"},
      {"id IN (1, big, id)", "1"},
      {"name IN ('Zoë', 'x')", "1"},
      {"NULL IN (1)", "NULL"},
      {"id BETWEEN 1 AND 7", "1"},
      {"id NOT BETWEEN 1 AND 7", "0"},
      {"id BETWEEN NULL AND 6", "0"},
      {"id BETWEEN NULL AND 8", "NULL"},
      {"'5' BETWEEN '1' AND id", "1"},
      {"CASE WHEN id > 5 THEN 'big' ELSE 'small' END", "'big'"},
      {"CASE id WHEN 1 THEN 'a' WHEN 7 THEN 'b' END", "'b'"},
      {"CASE nothing WHEN NULL THEN 1 END", "NULL"},
      {"coalesce(nothing, name)", "'Zoë'"},
      {"coalesce(NULL, 5, id)", "5"},
      // text
      {"name", "'Zoë'"},
      {"NAME = 'zoë'", "0"},
      {"lower(name)", "'zoë'"},
      {"upper(name)", "'ZOë'"},
      {"length(name)", "4"},
      {"char_length(name)", "3"},
      {"substr(name, 2)", "'oë'"},
      {"substr(name, -1, 5)", "'ë'"},
      {"substr(name, 0)", "''"},
      {"substr(name, 2, 1)", "'o'"},
      {"substr(name, -9)", "''"},
      {"substr(name, 2, -1)", "''"},
      {"substr(name, 1.5)", "'oë'"},
      {"substr(name, 1, 99999999999999999999)", "'Zoë'"},
      {"substr(name, 99999999999999999999)", "''"},
      {"substr(name, -9223372036854775808)", "''"},
      {"substr(name, 1e300)", "''"},
      {"substr(name, 1, nothing IS NULL)", "'Z'"},
      {"substr(raw, 2)", "'\xff'"},
      {"length(raw)", "2"},
      {"name LIKE 'Z_ë'", "1"},
      {"name LIKE '%ë'", "1"},
      {"name LIKE 'z%'", "0"},
      {"name LIKE '%'", "1"},
      {"name NOT LIKE '%x%'", "1"},
      {"'a%b' LIKE 'a!%b' ESCAPE '!'", "1"},
      {"'axb' LIKE 'a\\%b'", "0"},
      {"'abcabd' LIKE '%ab_'", "1"},
      {"'' LIKE ''", "1"},
      {"'a' LIKE ''", "0"},
      {"raw LIKE '__'", "1"},
      {"concat(raw, name) LIKE '______'", "1"},
      {"name REGEXP '^Z.ë$'", "1"},
      {"name NOT REGEXP '(?i)zo'", "0"},
      {"nothing REGEXP 'x'", "NULL"},
      {"state", "'paid'"},
      {"state = 'paid' AND tags = 'a,c'", "1"},
      {"address", "'10.0.0.1'"},
      {"concat(id, '-', amount, '-', name)", "'7--100.05-Zoë'"},
      {"concat(day, ' ', made, ' ', seen, ' ', lasts)",
       "'2026-01-15 2026-01-15 10:30:05.123 2026-01-15 10:30:05 -100:20:30.5'"},
      {"concat('a', nothing)", "NULL"},
      {"concat(ratio, 1.50, 1 / 4)", "'0.51.500.250000000000000000000000000000'"},
      // dates
      {"day = '2026-01-15'", "1"},
      {"day < '2026-01-15 00:00:01'", "1"},
      {"made > '2026-01-15 10:30:05.1'", "1"},
      {"made BETWEEN day AND '2026-12-31T00:00:00Z'", "1"},
      {"seen = '2026-01-15 10:30:05'", "1"},
      {"ts >= '2026-01-15'", "1"},
      {"date(made) = day", "1"},
      {"year(day) * 10000 + month(made) * 100 + day(seen)", "20260115"},
      {"hour(made) * 10000 + minute(seen) * 100 + second(ts)", "103000"},
      {"hour(lasts) * 10000 + minute(lasts) * 100 + second(lasts)", "1002030"},
      {"lasts < '-100:20:30'", "1"},
      {"year('2024-02-29')", "2024"},
      {"hour(day)", "0"},
      {"CASE WHEN TRUE THEN day ELSE made END = made", "0"},
      // facts
      {"operation", "'update'"},
      {"concat(db, '.', table)", "'shop.orders'"},
      // documents
      {"json(doc, '$.a')", "1"},
      {"json(doc, '$.b[0]') + 1", "2.5"},
      {"json(doc, '$.b[1]')", "'x\ny'"},
      {"json(doc, '$.b[2]')", "NULL"},
      {"json(doc, '$.b[3]') AND TRUE", "1"},
      {"json(doc, '$.b[9]')", "NULL"},
      {"json(doc, '$.a.x')", "NULL"},
      {"json(doc, '$.b')", "'[1.5,\"x\\ny\",null,true]'"},
      {"json(notes, '$.kéy.n') < -1.4", "1"},
      {"json(notes, '$.\"kéy\".s')", "'t😀'"},
      {"json(notes, '$.list[1][0]')", "2"},
      {"json(notes, '$.list[2]') = 'z'", "1"},
      {"json(notes, '$.list[2]') = 5", "NULL"},
      {"json(notes, '$.list[2]') <=> 5", "0"},
      {"json(notes, '$.e')", "NULL"},
      {"json(name, '$.a')", "NULL"},
      {"doc IS NULL", "0"},
      // changes
      {"changed(amount) AND NOT changed(id)", "1"},
      {"changed(doc)", "0"},
      {"OLD.name", "'Bob'"},
      {"hash(id) = hash('7')", "1"},
      {"hash(id) % 10 < 10", "1"},
  };
  Shop shop;
  for (const Case& c : cases) EXPECT_EQ(evaluated(c.source, shop, shop.update), c.value) << c.source;
}

TEST(Rule, KnowsWhichRowsThereAre) {
  Shop shop;
  EXPECT_EQ(evaluated("concat(operation, name)", shop, shop.insert), "'insertZoë'");
  EXPECT_EQ(evaluated("concat(operation, name)", shop, shop.remove), "'deleteBob'");
  EXPECT_EQ(evaluated("OLD.name", shop, shop.insert), "NULL");
  EXPECT_EQ(evaluated("NEW.name", shop, shop.remove), "NULL");
  EXPECT_EQ(evaluated("changed(name)", shop, shop.insert), "1");
  EXPECT_EQ(evaluated("changed(nothing)", shop, shop.insert), "0");
  EXPECT_EQ(evaluated("changed(name)", shop, shop.remove), "1");
}

TEST(Rule, AColumnThatTheLogDoesNotCarryIsNotTakenForNull) {
  Shop shop;
  auto before = shop.row(7, "12.50", "Bob"), after = before;
  before[3] = sample::missing();
  after[2] = after[3] = sample::missing();
  Change change = shop.sample.add(Op::Update, shop.orders, before, after);
  EXPECT_EQ(evaluated("amount", shop, change), "12.5");  // of the row before: it was not changed
  EXPECT_EQ(evaluated("changed(amount)", shop, change), "0");
  EXPECT_EQ(evaluated("ratio IS NULL", shop, change), "absent ratio");
  EXPECT_EQ(evaluated("OLD.ratio > 1", shop, change), "absent ratio");
  EXPECT_EQ(evaluated("id = 1 AND ratio > 1", shop, change), "0");
  after[14].kind = Kind::JsonPatch;
  change = shop.sample.add(Op::Update, shop.orders, before, after);
  EXPECT_EQ(evaluated("json(doc, '$.a')", shop, change), "absent doc");
  EXPECT_EQ(evaluated("changed(doc)", shop, change), "1");
}

TEST(Rule, FaultsOfTypesPointAtThePlace) {
  struct Case {
    const char *source, *what;
  };
  const Case cases[] = {
      {"amout > 1", "column 1: shop.orders has no column 'amout'; did you mean 'amount'?"},
      {"id = 1 OR OLD.zzzzzz = 2", "column 11: shop.orders has no column 'zzzzzz'"},
      {"name = 5", "column 8: text cannot be compared with a number"},
      {"name + 1", "column 1: expected a number, got text"},
      {"-day", "column 2: expected a number, got a date"},
      {"day = '2026-02-30'",
       "column 7: '2026-02-30' is no date: expected 'YYYY-MM-DD' or 'YYYY-MM-DD HH:MM:SS'"},
      {"lasts > 'noon'", "column 9: 'noon' is no time of day: expected 'HH:MM:SS'"},
      {"id = 'x'", "column 6: 'x' is compared with a number, and is none"},
      {"lower(id)", "column 7: expected text, got a number; concat() makes text of it"},
      {"year(id)", "column 6: year() takes a date"},
      {"year(lasts)", "column 6: year() takes a date"},
      {"hour(name)", "column 6: hour() takes a date or a time of day"},
      {"name AND id", "column 1: expected a condition, got text"},
      {"CASE WHEN day THEN 1 END", "column 11: expected a condition, got a date"},
      {"CASE WHEN id THEN 1 ELSE name END", "column 26: text cannot stand beside a number"},
      {"coalesce(id, day)", "column 14: a date cannot stand beside a number"},
      {"id IN (1, 'a')", "column 11: 'a' is compared with a number, and is none"},
      {"id IN (1, name)", "column 11: a number cannot be compared with text"},
      {"id BETWEEN 1 AND day", "column 18: a number cannot be compared with a date"},
      {"changed(1)", "column 9: changed() takes the name of a column"},
      {"changed(NEW.id)", "column 9: changed() takes the name of a column"},
      {"doc = 'x'",
       "column 1: a JSON document is no single value; json(column, '$.path') takes one out of it"},
      {"json(id, '$')", "column 6: expected text, got a number; concat() makes text of it"},
      {"id > 1111111111111111111111111111111111111111111111111111111111111111111",
       "column 6: numbers have at most 65 digits before the point and 30 behind it"},
  };
  Shop shop;
  for (const Case& c : cases) {
    std::string what = evaluated(c.source, shop, shop.update);
    EXPECT_EQ(what.substr(0, what.find('\n')), c.what) << c.source;
  }
}

TEST(Rule, WhatCannotMatterForATableIsNotLookedAt) {
  Shop shop;
  auto constant = [&](std::string_view source) {
    auto parsed = Expression::parse(source);
    auto program = Program::condition(*parsed, *shop.orders);
    if (!program) return program.error().what;
    return std::string((*program)->constant() ? "constant " : "varies ") +
           evaluated(source, shop, shop.update);
  };
  EXPECT_EQ(constant("table = 'users' AND email LIKE '%@x'"), "constant 0");
  EXPECT_EQ(constant("table <> 'users' OR email LIKE '%@x'"), "constant 1");
  EXPECT_EQ(constant("table = 'orders' AND id = 7"), "varies 1");
  EXPECT_EQ(constant("CASE table WHEN 'users' THEN email = 'x' WHEN 'orders' THEN id = 7 ELSE other END"),
            "varies 1");
  EXPECT_EQ(constant("CASE WHEN db = 'crm' THEN email = 'x' ELSE id = 8 END"), "varies 0");
  EXPECT_EQ(constant("id > 0 AND 1 = 2"), "constant 0");
  EXPECT_EQ(constant("length(concat('a', 1 + 1)) = 2"), "constant 1");
  EXPECT_EQ(constant("table = 'orders' AND email = 'x'").substr(0, 40),
            "column 22: shop.orders has no column 'em");
}

TEST(Rule, DeepAndWideExpressionsRun) {
  Shop shop;
  std::string nots, sum = "id", wide = "id = 0", between = "id";
  for (int i = 0; i < 180; ++i) nots += "NOT ";
  for (int i = 0; i < 180; ++i) sum += " + 1";
  for (int i = 0; i < 50'000; ++i) wide += " OR id = 0";
  for (int i = 0; i < 150; ++i) between = "(" + between + " BETWEEN 0 AND 9)";
  EXPECT_EQ(evaluated(nots + "id = 7", shop, shop.update), "1");
  EXPECT_EQ(evaluated(sum, shop, shop.update), "187");
  EXPECT_EQ(evaluated(wide + " OR id = 7", shop, shop.update), "1");
  EXPECT_EQ(evaluated(between, shop, shop.update), "1");
}

TEST(Rule, RunsWithoutAllocating) {
  Shop shop;
  for (std::string_view source :
       {"amount > 100 AND name LIKE 'Z%' OR id IN (1, 2, 3)",
        "concat(lower(name), amount * 2 / 3, made, tags)", "name REGEXP '^Z.*[a-z]' AND changed(doc)",
        "json(doc, '$.b[1]') = 'x' OR json(notes, '$.list[1][0]') = 3",
        "round(amount / 7, 2) + abs(big) % 17",
        "hash(name) % 10 < 5 AND ts > '2026-01-15' AND state = 'paid'",
        "CASE state WHEN 'paid' THEN coalesce(nothing, name) ELSE substr(name, 1, 2) END = address"}) {
    auto parsed = Expression::parse(source);
    ASSERT_TRUE(parsed) << parsed.error().what;
    auto program = Program::value(*parsed, *shop.orders);
    ASSERT_TRUE(program) << program.error().what;
    Frame frame;
    for (int i = 0; i < 3; ++i) (*program)->run(shop.sample.batch, shop.update, frame);
    size_t before = test::allocations();
    for (int i = 0; i < 1000; ++i) {
      (*program)->run(shop.sample.batch, shop.update, frame);
      (*program)->run(shop.sample.batch, shop.remove, frame);
    }
    EXPECT_EQ(test::allocations() - before, 0u) << source;
  }
}

}  // namespace
}  // namespace sluice::rule
