#include "pipeline/route.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "format/plain.h"
#include "pipeline/view.h"
#include "support/allocations.h"
#include "support/sample.h"

namespace sluice {
namespace {

using namespace sample;

struct Shop {
  Shop() {
    orders = table("shop", "orders",
                   {column("id", ColumnType::Int), column("customer", ColumnType::VarChar),
                    column("note", ColumnType::VarChar)},
                   {0});
    bare = table("shop", "bare", {column("a", ColumnType::Int)});
  }
  Change insert(int id, const std::string& customer) {
    return sample.add(Op::Insert, orders, {}, {integer(id), sample.text(customer), null()});
  }
  Sample sample;
  TablePtr orders, bare;
};

std::string rendered(const std::string& text, Shop& shop, const Change& change, const Row& row) {
  auto made = Template::parse(text);
  if (!made) return made.error().what;
  auto columns = made->bind(*change.table);
  if (!columns) return columns.error().what;
  Bytes out;
  made->render(shop.sample.batch, change, row, *columns, out);
  return std::string(out.view());
}

TEST(Template, PlacesAreFilledIn) {
  Shop shop;
  Change change = shop.insert(7, "ann");
  shop.sample.batch.events[0].timestamp = 1795198245;
  std::string id(shop.sample.batch.transactions[0].id);
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},
      {"fixed", "fixed"},
      {"{database}.{table}", "shop.orders"},
      {"{op}:{key}", "insert:7"},
      {"{column:customer}/{column:id}", "ann/7"},
      {"<{column:note}>", "<>"},
      {"{id}", id + "#0"},
      {"{transaction}", id},
      {"{row}", "7"},
      {"{{{table}}}", "{orders}"},
      {"{hash:customer%4}", std::to_string((static_cast<uint32_t>(murmur2("ann")) & 0x7fffffff) % 4)},
      {"{hash:key%1}", "0"},
      {"{time:%Y.%m.%d-%H/%j}", "2026.11.20-18/324"},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(rendered(text, shop, change, change.after), expected) << text;
  }
}

// As Maxwell's partitioners have them.
TEST(Template, ARowIsItsKeyOrItsTable) {
  Shop shop;
  TablePtr pair =
      table("shop", "pair", {column("a", ColumnType::Int), column("b", ColumnType::VarChar)}, {1, 0});
  Change change = shop.sample.add(Op::Insert, pair, {}, {integer(12), shop.sample.text("x")});
  EXPECT_EQ(rendered("{row}", shop, change, change.after), "x12");
  change = shop.sample.add(Op::Insert, pair, {}, {null(), null()});
  EXPECT_EQ(rendered("{row}", shop, change, change.after), "None");
  change = shop.sample.add(Op::Insert, shop.bare, {}, {integer(1)});
  EXPECT_EQ(rendered("{row}", shop, change, change.after), "shopbare");
}

TEST(Template, WhatFillsAPlaceIsEscapedAndNothingElse) {
  Shop shop;
  Change change = shop.insert(7, "a/b");
  auto made = Template::parse("/x/{table}/{column:customer}/{column:note}/{{");
  ASSERT_TRUE(made);
  Bytes out;
  made->render(shop.sample.batch, change, change.after, *made->bind(*change.table), out,
               [](Bytes& all, size_t begin) {
                 for (size_t i = begin; i < all.size(); ++i) {
                   if (all.data()[i] == '/') all.data()[i] = '|';
                 }
               });
  EXPECT_EQ(out.view(), "/x/orders/a|b//{");
}

TEST(Template, TheShapeTellsVersionsOfATableApart) {
  Shop shop;
  auto shape_of = [&](std::vector<Column> columns) {
    Change change = shop.sample.add(Op::Insert, table("shop", "t", std::move(columns)), {}, {integer(1)});
    return rendered("{shape}", shop, change, change.after);
  };
  std::string one = shape_of({column("id", ColumnType::Int)});
  EXPECT_EQ(one.size(), 8U);
  EXPECT_EQ(shape_of({column("id", ColumnType::Int)}), one);
  EXPECT_NE(shape_of({column("number", ColumnType::Int)}), one);
  EXPECT_NE(shape_of({column("id", ColumnType::BigInt)}), one);
  EXPECT_EQ(Template::parse("{table}-{shape}")->constant(), std::nullopt);
  EXPECT_TRUE(Template::parse("{table}-{shape}")->fixed_by_table());
  EXPECT_EQ(Template::parse("a{{b}}")->constant(), "a{b}");
  EXPECT_EQ(Template::parse("")->constant(), "");
}

TEST(Template, MistakesAreNamed) {
  Shop shop;
  Change change = shop.insert(7, "ann");
  const std::pair<std::string, std::string> cases[] = {
      {"{tabel}", "'{tabel}' in '{tabel}' is not known"},
      {"x{table", "the brace at character 2 is not closed"},
      {"{column:}", "is not known"},
      {"{hash:id%0}", "is not known"},
      {"{hash:id%x}", "is not known"},
      {"{hash:id}", "is not known"},
      {"{column:city}", "names the column city, which table shop.orders does not have"},
  };
  for (const auto& [text, expected] : cases) {
    std::string got = rendered(text, shop, change, change.after);
    EXPECT_NE(got.find(expected), got.npos) << text << ": " << got;
  }
}

TEST(Template, ARowThatLacksAColumnTakesItFromTheOther) {
  Shop shop;
  Cell missing;
  Change change = shop.sample.add(Op::Update, shop.orders, {integer(1), shop.sample.text("ann"), null()},
                                  {integer(2), missing, missing});
  EXPECT_EQ(rendered("{key} {column:customer}", shop, change, change.after), "2 ann");
  EXPECT_EQ(rendered("{key} {column:customer}", shop, change, change.before), "1 ann");
}

RouteRule rule(const std::string& to, const std::string& tables = "") {
  RouteRule made{.tables = {}, .destination = *Template::parse(to), .key = {}, .spread = {}};
  if (!tables.empty()) made.tables = std::make_shared<const Selection>(*Selection::parse(tables));
  return made;
}

struct Routed {
  std::string destination, key;
  Address address;
};

Routed routed(Route& route, Shop& shop, const Change& change) {
  Outbox out(true);
  Address address;
  route.begin();
  auto done = route.complete(shop.sample.batch, change, change.after, address, out);
  if (!done) return {done.error().what, {}, {}};
  auto name = out.destinations[address.destination];
  return {std::string(out.word(name.begin, name.size)), std::string(out.word(address.key, address.key_size)),
          address};
}

TEST(Route, TheFirstRuleThatFitsDecides) {
  Shop shop;
  auto setup = std::make_shared<RouteSetup>();
  setup->rules.push_back(rule("by-{column:customer}", "shop.orders"));
  setup->rules.back().key = *Template::parse("{column:id}");
  setup->rules.push_back(rule("{database}.{table}"));
  Route route(setup);
  Routed order = routed(route, shop, shop.insert(7, "ann"));
  EXPECT_EQ(order.destination, "by-ann");
  EXPECT_EQ(order.key, "7");
  EXPECT_TRUE(order.address.keyed);
  Routed other = routed(route, shop, shop.sample.add(Op::Insert, shop.bare, {}, {integer(1)}));
  EXPECT_EQ(other.destination, "shop.bare");
  EXPECT_FALSE(other.address.keyed);
  EXPECT_EQ(other.address.partition, -1);
}

TEST(Route, ARuleMayBeForSomeRowsOnly) {
  Shop shop;
  auto setup = std::make_shared<RouteSetup>();
  auto add = [&](const char* to, const char* when) {
    setup->rules.push_back(rule(to, "shop.orders"));
    if (when) setup->rules.back().when = *rule::Rule::parse(when, "when");
  };
  add("never", "table = 'bare' AND unknown = 1");
  add("anns", "customer LIKE 'ann%'");
  add("big", "id > 100");
  setup->rules.push_back(rule("rest"));
  Route route(setup);
  EXPECT_EQ(routed(route, shop, shop.insert(7, "anna")).destination, "anns");
  EXPECT_EQ(routed(route, shop, shop.insert(700, "bob")).destination, "big");
  EXPECT_EQ(routed(route, shop, shop.insert(7, "bob")).destination, "rest");
  EXPECT_EQ(routed(route, shop, shop.sample.add(Op::Insert, shop.bare, {}, {integer(1)})).destination,
            "rest");
  EXPECT_EQ(routed(route, shop, shop.sample.add(Op::Ddl, shop.orders, {}, {})).destination, "rest");
  std::vector<Cell> absent = {missing(), null(), null()};
  EXPECT_NE(routed(route, shop, shop.sample.add(Op::Insert, shop.orders, {}, absent))
                .destination.find("does not carry"),
            std::string::npos);
  setup->rules.front().when = *rule::Rule::parse("unknown = 1", "when");
  Route wrong(setup);
  EXPECT_NE(routed(wrong, shop, shop.insert(7, "bob"))
                .destination.find("when: column 1: shop.orders has no column"),
            std::string::npos);
}

TEST(Route, AColumnThatATableLacksStops) {
  Shop shop;
  auto setup = std::make_shared<RouteSetup>();
  setup->rules.push_back(rule("{column:customer}"));
  Route route(setup);
  Routed bare = routed(route, shop, shop.sample.add(Op::Insert, shop.bare, {}, {integer(1)}));
  EXPECT_NE(bare.destination.find("names the column customer, which table shop.bare does not have"),
            std::string::npos)
      << bare.destination;
}

TEST(Route, DestinationsThatWouldBecomeOneStop) {
  Shop shop;
  auto setup = std::make_shared<RouteSetup>();
  setup->rules.push_back(rule("{column:customer}"));
  setup->escape = [](std::string_view name, std::string& out) {
    for (char c : name) out += c == ' ' ? '_' : c;
  };
  Route route(setup);
  EXPECT_EQ(routed(route, shop, shop.insert(1, "a b")).destination, "a_b");
  EXPECT_EQ(routed(route, shop, shop.insert(2, "a b")).destination, "a_b");
  std::string clash = routed(route, shop, shop.insert(3, "a_b")).destination;
  EXPECT_NE(clash.find("'a b' and 'a_b' would both become 'a_b'"), clash.npos) << clash;
}

TEST(Route, PartitionsAreChosenAsToldTo) {
  Shop shop;
  Change change = shop.insert(7, "ann");
  auto partition = [&](Spread spread) {
    auto setup = std::make_shared<RouteSetup>();
    setup->rules.push_back(rule("x"));
    setup->rules.back().spread = std::move(spread);
    Route route(setup);
    return routed(route, shop, change).address;
  };
  EXPECT_EQ(partition({.by = Spread::By::Fixed, .partition = 3}).partition, 3);
  Spread text{.by = Spread::By::Text, .hash = Spread::Hash::Java};
  text.text = *Template::parse("{column:customer}");
  EXPECT_TRUE(partition(text).hashed);
  EXPECT_EQ(partition(text).hash, java_hash("ann"));
  Spread canal{.by = Spread::By::Canal};
  EXPECT_EQ(partition(canal).hash, java_hash("shop") ^ java_hash("orders"));
  canal.with_database = false;
  canal.columns = {*Template::parse("{column:customer}"), *Template::parse("{column:note}")};
  EXPECT_EQ(partition(canal).hash, java_hash("ann") ^ java_hash(""));
}

TEST(View, ShowsTheTablesOperationsAndColumnsThatAreWanted) {
  Shop shop;
  auto setup = std::make_shared<ViewSetup>();
  setup->tables = *Selection::parse("shop.orders");
  setup->columns.push_back(std::make_shared<const Selection>(*Selection::parse("!shop.*.customer")));
  setup->ops[static_cast<size_t>(Op::Delete)] = false;
  View view(setup);
  Arena arena;
  auto shown = *view.show(shop.sample.batch, shop.insert(7, "ann"), arena);
  ASSERT_TRUE(shown);
  ASSERT_EQ(shown->table->columns.size(), 2u);
  EXPECT_EQ(shown->table->columns[1].name, "note");
  EXPECT_EQ(shown->table->key, std::vector<uint32_t>{0});
  EXPECT_EQ(shown->after.count, 2u);
  EXPECT_EQ(shown->after[0].i, 7);
  EXPECT_EQ(shown->after.text_bytes, 0u);
  EXPECT_FALSE(shown->before);
  EXPECT_FALSE(
      *view.show(shop.sample.batch, shop.sample.add(Op::Insert, shop.bare, {}, {integer(1)}), arena));
  Change gone = shop.sample.add(Op::Delete, shop.orders, {integer(7), shop.sample.text("ann"), null()}, {});
  EXPECT_FALSE(*view.show(shop.sample.batch, gone, arena));
}

TEST(View, ShowsTheRowsOfWhichTheConditionIsTrue) {
  Shop shop;
  auto setup = std::make_shared<ViewSetup>();
  setup->where = *rule::Rule::parse("table <> 'orders' OR customer LIKE 'a%'", "where");
  // Which the condition sees all the same.
  setup->columns.push_back(std::make_shared<const Selection>(*Selection::parse("!shop.*.customer")));
  View view(setup);
  Arena arena;
  auto show = [&](const Change& change) { return view.show(shop.sample.batch, change, arena); };
  EXPECT_TRUE(*show(shop.insert(7, "ann")));
  EXPECT_FALSE(*show(shop.insert(8, "bob")));
  std::vector<Cell> ann = {integer(7), shop.sample.text("ann"), null()}, bob = ann, none = ann;
  bob[1] = shop.sample.text("bob");
  none[1] = null();
  EXPECT_FALSE(*show(shop.sample.add(Op::Update, shop.orders, ann, bob)));
  EXPECT_TRUE(*show(shop.sample.add(Op::Update, shop.orders, bob, ann)));
  EXPECT_FALSE(*show(shop.sample.add(Op::Update, shop.orders, ann, none)));
  EXPECT_TRUE(*show(shop.sample.add(Op::Delete, shop.orders, ann, {})));
  EXPECT_TRUE(*show(shop.sample.add(Op::Insert, shop.bare, {}, {integer(1)})));
  EXPECT_TRUE(*show(shop.sample.add(Op::Ddl, shop.orders, {}, {})));
  none[1] = missing();
  auto fault = show(shop.sample.add(Op::Insert, shop.orders, {}, none));
  ASSERT_FALSE(fault);
  EXPECT_NE(
      fault.error().what.find("where: the change of shop.orders at binlog.000003:1234 does not carry all of "
                              "the column 'customer'"),
      std::string::npos)
      << fault.error().what;
  TablePtr other = table("shop", "orders", {column("id", ColumnType::Int)}, {0});
  fault = show(shop.sample.add(Op::Insert, other, {}, {integer(1)}));
  ASSERT_FALSE(fault);
  EXPECT_EQ(fault.error().fault, Fault::Usage);
  EXPECT_NE(fault.error().what.find("where: column 22: shop.orders has no column 'customer'"),
            std::string::npos)
      << fault.error().what;
}

ViewSetup shaping(std::initializer_list<const char*> compute, std::initializer_list<const char*> rename) {
  ViewSetup setup;
  for (const char* text : compute) {
    ColumnLine line = *parse_column_line(text);
    setup.compute.push_back(
        {line.tables, line.column, *rule::Rule::parse(line.rest, "compute: " + line.column)});
  }
  for (const char* text : rename) {
    ColumnLine line = *parse_column_line(text);
    setup.rename.push_back({line.tables, line.column, line.rest});
  }
  return setup;
}

TEST(View, ComputesAndRenamesColumns) {
  Shop shop;
  View view(std::make_shared<ViewSetup>(
      shaping({"shop.orders.label = concat(upper(customer), '-', id)", "half = id / 2.0", "note = id * 10",
               "rounded = round(id / 3, 2)", "was = OLD.id", "day = date('2026-01-15')"},
              {"shop.orders.id = number", "customer = id", "shop.other.id = x"})));
  Arena arena;
  Change change = shop.sample.add(Op::Update, shop.orders, {integer(1), shop.sample.text("ann"), null()},
                                  {integer(2), shop.sample.text("bob"), null()});
  auto shown = *view.show(shop.sample.batch, change, arena);
  ASSERT_TRUE(shown);
  std::string text;
  for (const Row& row : {shown->before, shown->after}) {
    ASSERT_EQ(row.count, shown->table->columns.size());
    for (uint32_t i = 0; i < row.count; ++i) {
      Bytes out;
      append_plain(out, row[i], shown->table->columns[i]);
      text += shown->table->columns[i].name + "=" + std::string(out.view()) + " ";
    }
  }
  EXPECT_EQ(text,
            "number=1 id=ann note=10 label=ANN-1 half=0.500000000000000000000000000000 rounded=0.33 was=1 "
            "day=2026-01-15 "
            "number=2 id=bob note=20 label=BOB-2 half=1.000000000000000000000000000000 rounded=0.67 was=1 "
            "day=2026-01-15 ");
  EXPECT_EQ(shown->table->key, std::vector<uint32_t>{0});
  EXPECT_EQ(shown->table->columns[2].type, ColumnType::BigInt);
  size_t bytes = 0;
  for (const Cell& cell : shown->after) bytes += has_bytes(cell.kind) ? cell.size : 0;
  EXPECT_EQ(shown->after.text_bytes, bytes);
  size_t before = test::allocations();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(*view.show(shop.sample.batch, change, arena));
  EXPECT_EQ(test::allocations() - before, 0u);
}

TEST(View, WhatCannotBeAColumnStops) {
  struct Case {
    const char *compute, *rename, *what;
  };
  const Case cases[] = {
      {"x = custmer", nullptr,
       "compute: x: column 1: shop.orders has no column 'custmer'; did you mean 'customer'?"},
      {"x = json(customer, '$.a')", nullptr, "compute: x: a column needs a type"},
      {"x = NULL", nullptr, "compute: x: a column needs a type"},
      {"x = id * 9223372036854775807 * 4", nullptr,
       "compute: x: a result for shop.orders at binlog.000003:1234 has too many digits"},
      {nullptr, "customer = id", "rename: shop.orders would have two columns 'id'"},
  };
  for (const Case& c : cases) {
    Shop shop;
    View view(std::make_shared<ViewSetup>(c.compute ? shaping({c.compute}, {}) : shaping({}, {c.rename})));
    Arena arena;
    auto shown = view.show(shop.sample.batch, shop.insert(7, "ann"), arena);
    ASSERT_FALSE(shown) << c.what;
    EXPECT_NE(shown.error().what.find(c.what), std::string::npos) << shown.error().what;
  }
  for (const char* line : {"x", "= 1", "x =", ".x. = 1"}) EXPECT_FALSE(parse_column_line(line)) << line;
}

TEST(View, APartOfAKeyIsNoKey) {
  Shop shop;
  TablePtr pair = table("shop", "pair", {column("a", ColumnType::Int), column("b", ColumnType::Int)}, {1, 0});
  auto setup = std::make_shared<ViewSetup>();
  setup->columns.push_back(std::make_shared<const Selection>(*Selection::parse("shop.pair.b")));
  View view(setup);
  Arena arena;
  auto shown =
      *view.show(shop.sample.batch, shop.sample.add(Op::Insert, pair, {}, {integer(1), integer(2)}), arena);
  ASSERT_TRUE(shown);
  EXPECT_TRUE(shown->table->key.empty());
  EXPECT_EQ(shown->after[0].i, 2);
}

}  // namespace
}  // namespace sluice
