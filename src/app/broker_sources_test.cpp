#include "app/broker_sources.h"

#include <gtest/gtest.h>

#include <fstream>

#include "model/selection.h"
#include "support/folder.h"

namespace sluice::app {
namespace {

Result<BrokerSources> read(const std::string& text) {
  test::TemporaryFolder folder;
  std::string path = folder / "conf.json";
  std::ofstream(path) << text;
  auto sources = read_broker_sources(path);
  if (sources) return sources;
  std::string what = sources.error().what;
  for (size_t at; (at = what.find(path)) != what.npos;) what.replace(at, path.size(), "conf.json");
  return usage("{}", what);
}

TEST(BrokerSources, NameTablesWithTheirTopicAndKey) {
  auto sources = read(R"json({
	"SourceConfig": {
		"MysqlConn": "user:secret@tcp(127.0.0.1:3306)",
		"SyncAll": false,
		"Sources": [
			{"Schema": "shop", "Tables": [{"Table": "orders", "Topic": "o{1}", "Key": "order_id"}, {"Table": "item"},
			                              {"Table": "log_\\d+$", "Topic": "logs", "Key": "id"}]},
			{"Schema": "crm", "Tables": []}
		],
		"BlackList": ["crm.tmp"]
	},
	"BrokerConfig": {"LogDir": "/tmp"}
})json");
  ASSERT_TRUE(sources) << sources.error().what;
  auto selection = Selection::parse(sources->tables);
  ASSERT_TRUE(selection) << selection.error().what;
  const std::pair<const char*, bool> tables[] = {{"orders", true},  {"item", true},   {"items", false},
                                                 {"ORDERS", false}, {"log_17", true}, {"LOG_2", true},
                                                 {"a_log_3", true}, {"log_3x", false}};
  for (auto [table, there] : tables) EXPECT_EQ(selection->wants("shop", table), there) << table;
  EXPECT_TRUE(selection->wants("crm", "anything"));
  EXPECT_FALSE(selection->wants("crm", "tmp"));
  EXPECT_FALSE(selection->wants("other", "orders"));
  ASSERT_EQ(sources->rules.size(), 2U);
  EXPECT_EQ(sources->rules[0].topic, "o{{1}}");
  EXPECT_EQ(sources->rules[0].key, "{column:order_id}");
  EXPECT_TRUE(Selection::parse(std::vector{sources->rules[1].tables})->wants("shop", "log_17"));
  EXPECT_FALSE(Selection::parse(std::vector{sources->rules[0].tables})->wants("shop", "item"));
}

TEST(BrokerSources, MayBeAllTables) {
  auto all = read(R"({"SyncAll": true})");
  ASSERT_TRUE(all) << all.error().what;
  EXPECT_TRUE(all->tables.empty());
  auto most = read(R"({"SyncAll": true, "Sources": [], "BlackList": ["shop.audit"]})");
  ASSERT_TRUE(most) << most.error().what;
  auto selection = Selection::parse(most->tables);
  EXPECT_TRUE(selection->wants("shop", "orders"));
  EXPECT_FALSE(selection->wants("shop", "audit"));
}

TEST(BrokerSources, MistakesHaveTheirPlace) {
  const std::pair<const char*, const char*> cases[] = {
      {"{}", "conf.json:1:1: expected Sources, or SyncAll: true for all tables"},
      {R"({"Sources": [{"Tables": []}]})", "conf.json:1:14: 'Schema' is missing: the database"},
      {R"({"Sources": [{"Schema": ""}]})", "conf.json:1:25: Schema is empty"},
      {R"({"Sources": [{"Schema": "s", "Tables": [{"Table": ""}]}]})", "conf.json:1:51: Table is empty"},
      {R"({"Sources": [{"Schema": "s", "Tables": [{"Table": "t", "Topic": "x"}]}]})",
       "conf.json:1:51: s.t has a Topic and no Key; Topic and Key belong together"},
      {R"({"Sources": [{"Schema": "s", "Tables": [{"Table": "t", "Key": "x"}]}]})",
       "conf.json:1:51: s.t has a Key and no Topic; Topic and Key belong together"},
      {R"({"Sources": [{"Schema": "s", "Tables": [{"Table": "t"}, {"Table": "t"}]}]})",
       "conf.json:1:67: s.t is here a second time"},
      {R"({"Sources": [{"Schema": "s", "Tables": [{"Table": "t("}]}]})",
       "conf.json:1:51: table pattern '/t(/' is no regular expression: missing ): t("},
      {R"({"Sources": [{"Schema": "s", "Tables": [{"Table": "t", "Topc": "x"}]}]})",
       "conf.json:1:56: 'Topc' is not known; did you mean 'Topic'?"},
      {R"({"Sources": {"Schema": "s"}})",
       "conf.json:1:13: Sources: expected a list of mappings, found a section"},
      {R"({"Sources": ["s"]})", "conf.json:1:14: Sources: expected a mapping, found"},
      {R"({"Sources": [)", "conf.json:"},
  };
  for (auto [text, expected] : cases) {
    auto sources = read(text);
    ASSERT_FALSE(sources) << text;
    EXPECT_EQ(sources.error().what.substr(0, std::string(expected).size()), expected) << text;
  }
  EXPECT_NE(read_broker_sources("/nowhere/conf.json").error().what.find("cannot read /nowhere/conf.json"),
            std::string::npos);
}

}  // namespace
}  // namespace sluice::app
