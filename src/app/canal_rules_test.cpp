#include "app/canal_rules.h"

#include <gtest/gtest.h>

#include "app/maxwell_filter.h"
#include "app/routing.h"
#include "support/sample.h"

namespace sluice::app {
namespace {

using namespace sample;

// The names of those that the patterns want, or why there are none.
std::string wanted(const Result<std::vector<std::string>>& patterns, const std::vector<std::string>& names) {
  if (!patterns) return patterns.error().what;
  auto selection = Selection::parse(*patterns);
  if (!selection) return selection.error().what;
  std::string all;
  for (const std::string& name : names) {
    size_t dot = name.find('.');
    if (selection->wants(name.substr(0, dot), name.substr(dot + 1))) all += (all.empty() ? "" : " ") + name;
  }
  return all;
}

const std::vector<std::string> kTables = {"shop.orders", "shop.order_2024", "SHOP.ORDERS",
                                          "crm.orders",  "crm.leads",       "shopxorders.t"};

TEST(CanalFilter, WantsWhatCanalWants) {
  struct Case {
    const char *white, *black, *tables;
  };
  const std::string all = "shop.orders shop.order_2024 SHOP.ORDERS crm.orders crm.leads shopxorders.t";
  const Case cases[] = {
      {"", "", all.c_str()},
      {R"(.*\..*)", "", all.c_str()},
      {R"(.*\\..*)", "", all.c_str()},  // as in a properties file
      {R"(shop\..*)", "", "shop.orders shop.order_2024 SHOP.ORDERS"},
      {R"(shop\.order.*)", "", "shop.orders shop.order_2024 SHOP.ORDERS"},
      {R"(shop\.order)", "", ""},  // the whole name
      {R"(shop\.orders,crm\.leads)", "", "shop.orders SHOP.ORDERS crm.leads"},
      {R"( crm\.leads , shop\.orders )", "", "shop.orders SHOP.ORDERS crm.leads"},
      {R"(shop.orders.*)", "", "shop.orders SHOP.ORDERS shopxorders.t"},  // a dot is any character
      {R"(shop\.order_\d{1,4})", "", "shop.order_2024"},                  // a comma within brackets
      {R"((shop|crm)\.orders,x\.y)", "", "shop.orders SHOP.ORDERS crm.orders"},
      {R"(.*\.orders)", R"(crm\..*)", "shop.orders SHOP.ORDERS"},
      {"", R"(.*\.orders)", "shop.order_2024 crm.leads shopxorders.t"},
      {R"(shop\..*)", R"(shop\..*)", ""},
      {R"(crm\.[^(]*,x[,(]y)", "", "crm.orders crm.leads"},
  };
  for (const Case& c : cases) EXPECT_EQ(wanted(canal_tables(c.white, c.black), kTables), c.tables) << c.white;
}

TEST(CanalFilter, ColumnsAreThoseOfTheListOfTheirTable) {
  const std::vector<std::string> columns = {"shop.users.id", "shop.users.Name", "shop.users.secret",
                                            "shop.orders.id", "shop.orders.note"};
  struct Case {
    const char *white, *black, *columns;
  };
  const Case cases[] = {
      {"", "", "shop.users.id shop.users.Name shop.users.secret shop.orders.id shop.orders.note"},
      {"shop.users:id/name", "", "shop.users.id shop.users.Name shop.orders.id shop.orders.note"},
      {"", "SHOP.users:SECRET, shop.orders : note", "shop.users.id shop.users.Name shop.orders.id"},
      {"shop.users:id", "shop.users:id,shop.orders:id", "shop.users.id shop.orders.note"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(wanted(canal_columns(c.white, c.black), columns), c.columns) << c.white << " " << c.black;
  }
}

TEST(MaxwellFilter, TheLastRuleThatFitsDecides) {
  struct Case {
    const char *filter, *tables;
  };
  const std::string all = "shop.orders shop.order_2024 SHOP.ORDERS crm.orders crm.leads shopxorders.t";
  const Case cases[] = {
      {"", all.c_str()},
      {"include: shop.*", all.c_str()},  // everything is there until it is excluded
      {"exclude: *.*, include: shop.orders", "shop.orders"},
      {"exclude: shop.*,include: shop.orders,", "shop.orders SHOP.ORDERS crm.orders crm.leads shopxorders.t"},
      {"include: shop.orders, exclude: *.*", ""},
      {"exclude: *.*, include: /^shop/.*", "shop.orders shop.order_2024 shopxorders.t"},
      {"exclude: *.*, include: shop./_\\d+/", "shop.order_2024"},  // found anywhere in the name
      {"exclude: *.*, include: `crm`.\"leads\"", "crm.leads"},
      {"blacklist: *./o/", "SHOP.ORDERS crm.leads shopxorders.t"},
      {" exclude :\n shop . * ", "SHOP.ORDERS crm.orders crm.leads shopxorders.t"},
  };
  for (const Case& c : cases) {
    auto filter = maxwell_filter(c.filter);
    ASSERT_TRUE(filter) << filter.error().what;
    EXPECT_EQ(wanted(filter->tables, kTables), c.tables) << c.filter;
    EXPECT_EQ(filter->rows, nullptr) << c.filter;
  }
}

// Rows of two tables as a pipeline with this filter shows them, by their ids, and schema changes as
// ddl:TABLE.
std::string rows_of(const std::string& text) {
  Settings pipeline(pipeline_filter_options()), lane(view_options()), address({});
  if (auto set = pipeline.set("maxwell_filter", {text}, "test"); !set) return set.error().what;
  auto setup = view_setup(pipeline, lane, address);
  if (!setup) return setup.error().what;
  auto tables = maxwell_filter(text);
  auto selection = Selection::parse(tables->tables);
  Sample sample;
  TablePtr orders =
      table("shop", "orders", {column("id", ColumnType::Int), column("state", ColumnType::VarChar)});
  TablePtr log = table("shop", "log", {column("id", ColumnType::Int)});
  sample.add(Op::Insert, orders, {}, {integer(1), sample.text("new")});
  sample.add(Op::Insert, orders, {}, {integer(2), null()});
  sample.add(Op::Update, orders, {integer(3), sample.text("new")}, {integer(3), sample.text("sent")});
  sample.add(Op::Delete, orders, {integer(4), sample.text("sent")}, {});
  sample.add(Op::Update, orders, {integer(5), sample.text("new")}, {integer(5), missing()});
  sample.add(Op::Insert, orders, {}, {integer(6), missing()});
  sample.add(Op::Insert, orders, {}, {integer(7), sample.text("NULL")});
  sample.add(Op::Insert, log, {}, {integer(8)});
  sample.add(Op::Ddl, orders, {}, {});
  View view(*setup);
  Arena arena;
  std::string all;
  for (const Change& change : sample.batch.changes) {
    if (!selection->wants(change.table->database, change.table->name)) continue;  // the source does that
    if (view.narrows() && !*view.show(sample.batch, change, arena)) continue;
    const Row& row = change.after ? change.after : change.before;
    all += (all.empty() ? "" : " ") + (row ? std::to_string(row[0].i) : "ddl:" + change.table->name);
  }
  return all;
}

TEST(MaxwellFilter, RowsAreChosenByWhatTheirColumnsHold) {
  struct Case {
    const char *filter, *rows;
  };
  const Case cases[] = {
      {"", "1 2 3 4 5 6 7 8 ddl:orders"},
      {"exclude: shop.orders.state = new", "2 3 4 6 7 8 ddl:orders"},
      {"exclude: shop.orders.state = 'sent'", "1 2 5 6 7 8 ddl:orders"},
      {"exclude: shop.orders.state = NULL", "1 3 4 5 6 8 ddl:orders"},  // the word, too, as there
      {"exclude: shop.orders.state = *", "2 6 8 ddl:orders"},
      {"exclude: shop.orders.state = /^se/", "1 2 5 6 7 8 ddl:orders"},
      {"exclude: *.*.state = /e/", "2 6 7 8 ddl:orders"},
      {"exclude: *.*.nothing = *", "1 2 3 4 5 6 7 8 ddl:orders"},  // no table has it
      {"exclude: *.*, include: shop.orders.state = sent", "3 4"},
      {"exclude: *.*, Include: *.*.id = 8", "8"},
      {"exclude: *.*.state = *, include: *.*.state = sent", "2 3 4 6 8 ddl:orders"},
      {"exclude: shop.orders.state = new, include: shop.*", "1 2 3 4 5 6 7 8 ddl:orders"},
      {"exclude: shop.log.id = 8, exclude: shop.orders", ""},
      {"exclude: shop.orders.state = ''", "1 2 3 4 5 6 7 8 ddl:orders"},
  };
  for (const Case& c : cases) EXPECT_EQ(rows_of(c.filter), c.rows) << c.filter;
}

// canal's field filters and `columns`, of the pipeline and of a sink: a column must be wanted by both.
TEST(Columns, OfThePipelineAndOfTheSink) {
  Settings pipeline(pipeline_filter_options()), lane(view_options()), address({});
  ASSERT_TRUE(pipeline.set("canal_filter_black_field", {"shop.users:secret"}, "test"));
  ASSERT_TRUE(lane.set("columns", {"!shop.users.note"}, "test"));
  auto setup = view_setup(pipeline, lane, address);
  ASSERT_TRUE(setup) << setup.error().what;
  Sample sample;
  TablePtr users = table("shop", "users",
                         {column("id", ColumnType::Int), column("secret", ColumnType::VarChar),
                          column("note", ColumnType::VarChar), column("name", ColumnType::VarChar)});
  Change change = sample.add(Op::Insert, users, {}, {integer(1), null(), null(), sample.text("x")});
  View view(*setup);
  Arena arena;
  auto shown = *view.show(sample.batch, change, arena);
  ASSERT_TRUE(shown);
  std::string names;
  for (const Column& each : shown->table->columns) names += each.name + " ";
  EXPECT_EQ(names, "id name ");
}

// Where a change goes by canal's lines: topic and partition.
std::string routed(const std::vector<std::pair<std::string, std::string>>& lines, const std::string& database,
                   const std::string& name, const std::vector<std::pair<std::string, Cell>>& row,
                   Sample& sample, Op op = Op::Insert) {
  static constexpr Option kTopic[] = {{"topic", OptionKind::Text, "else", ""}};
  const Addressing addressing{.option = "topic"};
  Settings address(address_options());
  for (const auto& [option, value] : lines) {
    if (auto set = address.set(option, {value}, "test"); !set) return set.error().what;
  }
  auto setup = route_setup(addressing, Settings(kTopic), address, {});
  if (!setup) return setup.error().what;
  std::vector<Column> columns;
  std::vector<Cell> cells;
  for (const auto& [column_name, cell] : row) {
    columns.push_back(column(column_name, ColumnType::VarChar));
    cells.push_back(cell);
  }
  TablePtr made = table(database, name, columns, {0});
  Change change = sample.add(op, made, {}, op == Op::Ddl ? std::vector<Cell>{} : cells);
  Route route(*setup);
  route.begin();
  Outbox out(true);
  Address to;
  if (auto done = route.complete(sample.batch, change, change.after, to, out); !done)
    return done.error().what;
  auto topic = out.destinations[to.destination];
  return std::string(out.word(topic.begin, topic.size)) + " " + std::to_string(to.partition);
}

TEST(CanalTopic, TheFirstItemThatFitsTheTableThenTheDatabase) {
  struct Case {
    const char *lines, *database, *table, *topic;
  };
  const Case cases[] = {
      {R"(shop\\.orders)", "shop", "orders", "shop_orders"},
      {R"(.*\..*)", "Shop", "Orders", "shop_orders"},
      {R"(.*\..*)", "crm", "t", "crm_t"},
      {"shop.orders", "SHOP", "Orders", "shop_orders"},
      {"shop.orders", "shop", "orders2", "else"},
      {"shop", "Shop", "anything", "shop"},
      {"sh.*", "shop", "anything", "shop"},  // no \. in it: over the database alone
      {R"(mine:shop\.orders;crm)", "shop", "orders", "mine"},
      {R"(mine:shop\.orders;crm)", "crm", "leads", "crm"},
      {R"(shop, mine:shop\.orders)", "shop", "orders", "mine"},  // the table goes before the database
      {R"(first:shop\..*,second:shop\.orders)", "shop", "orders", "first"},
      {"{x}:shop", "shop", "t", "{x}"},
      {"crm", "shop", "t", "else"},
  };
  for (const Case& c : cases) {
    Sample sample;
    EXPECT_EQ(routed({{"canal_dynamic_topic", c.lines}}, c.database, c.table, {{"id", integer(1)}}, sample),
              std::string(c.topic) + " -1")
        << c.lines;
  }
}

// javaHash("test") is 3556498, ("1") 49, ("table") 110115790.
TEST(CanalPartition, IsWhereCanalPutsIt) {
  struct Case {
    const char *lines, *with_database, *database, *table, *id, *partition;
  };
  const Case cases[] = {
      {"test.t:id", "true", "test", "t", "1", "0"},
      {"test.t:id", "false", "test", "t", "1", "1"},
      {".*\\..*:id", "true", "mytest", "t", "528", "1"},
      {".*\\..*:$pk$", "true", "mytest", "t", "528", "1"},
      {".*\\\\..*:$pk$", "true", "mytest", "t", "528", "1"},
      {".*\\..*", "false", "test", "table", "1", "1"},    // 110115790 % 3
      {"test.table", "true", "test", "table", "1", "1"},  // (3556498 ^ 110115790) % 3
      {"test.other:id", "false", "test", "t", "1", "0"},  // no item: the first partition
      {"test.other:id;TEST.T:id", "false", "test", "t", "1", "1"},
      {"test.t:id^v", "false", "test", "t", "1", "0"},  // (49 ^ 121) % 3
  };
  for (const Case& c : cases) {
    Sample sample;
    std::string got =
        routed({{"canal_partition_hash", c.lines},
                {"canal_partitions", "3"},
                {"canal_database_hash", c.with_database}},
               c.database, c.table, {{"id", sample.text(c.id)}, {"v", sample.text("y")}}, sample);
    EXPECT_EQ(got, std::string("else ") + c.partition) << c.lines;
  }
}

TEST(CanalPartition, StatementsGoToTheFirst) {
  Sample sample;
  EXPECT_EQ(routed({{"canal_partition_hash", ".*\\..*"}, {"canal_partitions", "7"}}, "test", "t",
                   {{"id", integer(1)}}, sample, Op::Ddl),
            "else 0");
}

TEST(CanalPartition, TopicsAndPartitionsAreChosenByThemselves) {
  Sample sample;
  EXPECT_EQ(routed({{"canal_dynamic_topic", "mine:test.t"},
                    {"canal_partition_hash", "a.b:c,test.t:id"},
                    {"canal_partitions", "3"},
                    {"canal_database_hash", "false"}},
                   "test", "t", {{"id", integer(1)}}, sample),
            "mine 1");
}

}  // namespace
}  // namespace sluice::app
