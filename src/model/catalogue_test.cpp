#include "model/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/position.h"

namespace sluice {
namespace {

using testing::ElementsAre;

TablePtr table(std::string database, std::string name) {
  Table made;
  made.database = std::move(database);
  made.name = std::move(name);
  return freeze(std::move(made));
}

// `+db.table`, `-db.table`, `db=charset`.
std::vector<std::string> changes_of(Catalogue& catalogue) {
  std::vector<std::string> texts;
  for (const CatalogueChange& change : catalogue.take_changes()) {
    if (change.name.table.empty()) {
      texts.push_back(change.name.database + "=" + change.default_charset);
    } else {
      texts.push_back((change.table ? "+" : "-") + change.name.database + "." + change.name.table);
    }
  }
  return texts;
}

TEST(Catalogue, TellsWhatHasToBeSaved) {
  Catalogue catalogue;
  catalogue.put(table("shop", "a"));
  catalogue.set_default_charset("shop", "latin1");
  catalogue.set_default_charset("", "utf8mb4");
  EXPECT_THAT(changes_of(catalogue), ElementsAre("+shop.a", "shop=latin1", "=utf8mb4"));
  EXPECT_THAT(changes_of(catalogue), ElementsAre());
  catalogue.drop("shop", "never");
  EXPECT_THAT(changes_of(catalogue), ElementsAre());
  catalogue.rename({{{"shop", "a"}, {"shop", "b"}}});
  EXPECT_THAT(changes_of(catalogue), ElementsAre("-shop.a", "+shop.b"));
  catalogue.drop_database("shop");
  EXPECT_THAT(changes_of(catalogue), ElementsAre("-shop.b", "shop="));
  EXPECT_EQ(catalogue.default_charset("shop"), "utf8mb4");
}

TEST(Catalogue, SwapsTwoTables) {
  Catalogue catalogue;
  TablePtr a = table("d", "a"), b = table("d", "b");
  catalogue.put(a);
  catalogue.put(b);
  catalogue.rename({{{"d", "a"}, {"d", "tmp"}}, {{"d", "b"}, {"d", "a"}}, {{"d", "tmp"}, {"d", "b"}}});
  EXPECT_EQ(catalogue.size(), 2u);
  EXPECT_NE(catalogue.find("d", "a")->serial, a->serial);
  EXPECT_EQ(catalogue.find("d", "tmp"), nullptr);
}

TEST(Catalogue, FoldsCaseWhereTheServerDoes) {
  Catalogue catalogue;
  catalogue.put(table("Shop", "Orders"));
  EXPECT_EQ(catalogue.find("shop", "orders"), nullptr);
  // A saved catalogue is loaded before the server has told how it compares.
  catalogue.fold_case(true);
  ASSERT_NE(catalogue.find("shop", "ORDERS"), nullptr);
  catalogue.take_changes();
  catalogue.put(table("shop", "orders"));
  EXPECT_EQ(catalogue.size(), 1u);
  EXPECT_EQ(catalogue.find("SHOP", "ORDERS")->name, "orders");
  // What is saved under the old spelling must go: both names are told.
  std::vector<CatalogueChange> changes = catalogue.take_changes();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].name, (TableName{"Shop", "Orders"}));
  EXPECT_EQ(changes[1].name, (TableName{"shop", "orders"}));
  EXPECT_EQ(changes[0].table, nullptr);
  EXPECT_EQ(changes[1].table->name, "orders");
}

TEST(Catalogue, TellsEveryVersionAndWhereItBegan) {
  Catalogue catalogue;
  auto here = std::make_shared<Position>();
  here->file = "bin.000001";
  catalogue.put(table("d", "a"));
  catalogue.stand_at(here);
  TablePtr second = table("d", "a");
  catalogue.put(second);
  catalogue.drop("d", "a");
  std::vector<CatalogueChange> changes = catalogue.take_changes();
  ASSERT_EQ(changes.size(), 3u);
  EXPECT_EQ(changes[0].since, nullptr);
  EXPECT_EQ(changes[1].table, second);
  EXPECT_EQ(changes[1].since, here);
  EXPECT_EQ(changes[2].table, nullptr);
}

}  // namespace
}  // namespace sluice
