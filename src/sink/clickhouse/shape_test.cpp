#include "sink/clickhouse/shape.h"

#include <gtest/gtest.h>

#include "sink/clickhouse/column_type.h"
#include "sink/clickhouse/server.h"

namespace sluice::clickhouse {
namespace {

TEST(Shape, IsReadBackWhateverTheNamesAre) {
  Table table;
  for (const char* name : {"id", "a b", "`", "\\", "x\ny", " ", "\t`\\`"}) {
    table.columns.push_back({.name = name, .type = ColumnType::Int});
  }
  table.key = {0, 2};
  Shape shape = Shape::of(table, {.version_column = "_version", .deleted_column = "_deleted"});
  Shape again = Shape::parse(shape.text());
  EXPECT_EQ(again.columns, shape.columns);
  EXPECT_EQ(again.key, (std::vector<std::string>{"`id`", "`\\``"}));
  EXPECT_EQ(again.columns[0].type, "Int32");  // of the key
  EXPECT_EQ(again.columns[1].type, "Nullable(Int32)");
  EXPECT_EQ(again.columns.back().name, "`_deleted`");
}

TEST(Shape, TextThatIsNoneIsHarmless) {
  for (std::string_view text : {"", "`", "`\\", "``", "`a`", "x", " ", "\n\n", "`a` "}) {
    Shape::parse(text).names();
  }
}

TEST(Shape, NamesFromTheServerAreThoseOfOurs) {
  auto rows = parse_tsv("x\\ny\tInt32\n\\'\\\\\\t\tDateTime64(6, \\'UTC\\')\nlast\t");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(quoted_name(rows[0][0]), "`x\\ny`");
  EXPECT_EQ(rows[1], (std::vector<std::string>{"'\\\t", "DateTime64(6, 'UTC')"}));
  EXPECT_EQ(rows[2], (std::vector<std::string>{"last", ""}));
}

TEST(ClickhouseServer, TellsFaultsApart) {
  struct Case {
    int status;
    std::string body;
    Verdict verdict;
  };
  for (const auto& [status, body, verdict] : std::initializer_list<Case>{
           {500, "Code: 252, e.displayText() = DB::Exception: Too many parts", Verdict::Passing},
           {500, "Code: 252. DB::Exception: Too many parts", Verdict::Passing},
           {403, "Code: 516. DB::Exception: no", Verdict::Login},
           {404, "Code: 60. DB::Exception: no table", Verdict::Structure},
           {400, "Code: 117. DB::Exception: bad", Verdict::Rows},
           {400, "Code: 62. DB::Exception: syntax", Verdict::Other},
           {401, "<html>", Verdict::Login},
           {503, "", Verdict::Passing},
           {429, "Code: x", Verdict::Passing},
           {404, "not found", Verdict::Other},
       }) {
    HttpAnswer answer;
    answer.status = status;
    answer.body = body;
    EXPECT_EQ(static_cast<int>(verdict_of(answer)), static_cast<int>(verdict)) << status << " " << body;
  }
}

TEST(ClickhouseServer, VersionsAreComparedByNumber) {
  EXPECT_EQ(Version::parse("26.5.1.1\n"), (Version{26, 5}));
  EXPECT_LT(Version::parse("23.10.3"), Version::parse("26.2"));
  EXPECT_GT(Version::parse("23.10.3"), Version::parse("23.2"));
  EXPECT_EQ(Version::parse("no number"), Version{});
  EXPECT_EQ(Version::parse(""), Version{});
}

TEST(ClickhouseTypes, GoByWhatTheServerHas) {
  struct Case {
    Column column;
    std::string current, basic;
  };
  for (const auto& [column, current, basic] : std::vector<Case>{
           {{.type = ColumnType::Decimal, .precision = 38, .scale = 2}, "Decimal(38, 2)", "Decimal(38, 2)"},
           {{.type = ColumnType::Decimal, .precision = 65, .scale = 30}, "Decimal(65, 30)", "String"},
           {{.type = ColumnType::Date}, "Date32", "Date"},
           {{.type = ColumnType::DateTime, .fraction_digits = 6}, "DateTime64(6, 'UTC')", "String"},
           {{.type = ColumnType::Timestamp}, "DateTime64(0, 'UTC')", "DateTime"},
           {{.type = ColumnType::Inet4}, "IPv4", "String"},
           {{.type = ColumnType::Inet6}, "IPv6", "String"},
       }) {
    EXPECT_EQ(form_of(column, true, {}).type, current);
    EXPECT_EQ(form_of(column, true, {.basic_types = true}).type, basic);
  }
}

TEST(ClickhouseTarget, IsPartedAtTheFirstFullStop) {
  EXPECT_EQ(Target::parse("shop.a.b").quoted(), "`shop`.`a.b`");
  EXPECT_EQ(Target::parse("orders").quoted(), "`default`.`orders`");
}

}  // namespace
}  // namespace sluice::clickhouse
