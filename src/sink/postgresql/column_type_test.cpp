#include "sink/postgresql/column_type.h"

#include <gtest/gtest.h>

namespace sluice::postgresql {
namespace {

struct Pair {
  const char *first, *second;
};

TEST(PostgresqlColumnType, HoldsWhatLosesNothing) {
  const Pair good[] = {{"int8", "int4"},
                       {"int2", "int2"},
                       {"numeric", "numeric(65,30)"},
                       {"numeric(20,0)", "numeric(20)"},
                       {"numeric(12,3)", "numeric(10,2)"},
                       {"numeric(19,0)", "int8"},
                       {"float8", "float4"},
                       {"text", "varchar(40)"},
                       {"text", "timestamp(3)"},
                       {"varchar(40)", "varchar(40) COLLATE \"C\""},
                       {"varchar", "text"},
                       {"timestamp", "timestamp(6)"},
                       {"timestamptz(6)", "timestamptz(3)"},
                       {"json", "jsonb"},
                       {"varbit(8)", "bit(8)"},
                       {"bit(8)", "bit(8)"}};
  for (const auto& [there, wanted] : good) EXPECT_TRUE(holds(there, wanted)) << there << " " << wanted;
  const Pair bad[] = {{"int4", "int8"},
                      {"int4", "numeric(9,0)"},
                      {"numeric(10,2)", "numeric(10,3)"},
                      {"numeric(10,3)", "numeric(10,2)"},
                      {"numeric(18,0)", "int8"},
                      {"numeric(20,0)", "numeric"},
                      {"float4", "float8"},
                      {"text", "bytea"},
                      {"varchar(39)", "varchar(40)"},
                      {"varchar(40)", "text"},
                      {"bpchar(40)", "varchar(40)"},
                      {"timestamp(0)", "timestamp(6)"},
                      {"timestamp", "timestamptz(6)"},
                      {"time", "interval(0)"},
                      {"bit(8)", "bit(7)"},
                      {"int4 GENERATED", "int4"}};
  for (const auto& [there, wanted] : bad) EXPECT_FALSE(holds(there, wanted)) << there << " " << wanted;
}

TEST(PostgresqlColumnType, ConvertsWhereBothServersMeanTheSame) {
  const Pair good[] = {{"int4", "int8"},
                       {"int8", "int2"},
                       {"numeric(8,2)", "int4"},
                       {"varchar(9)", "text"},
                       {"text", "varchar(9)"},
                       {"int4", "varchar(11)"},
                       {"timestamp(0)", "timestamp(6)"},
                       {"float4", "float8"}};
  for (const auto& [from, to] : good) EXPECT_TRUE(converts_alike(from, to)) << from << " " << to;
  const Pair bad[] = {{"varchar(9)", "int4"}, {"timestamp(3)", "text"}, {"float8", "text"},
                      {"int4", "float8"},     {"timestamp", "date"},    {"text", "bytea"}};
  for (const auto& [from, to] : bad) EXPECT_FALSE(converts_alike(from, to)) << from << " " << to;
}

TEST(PostgresqlColumnType, IsSentWithoutALength) {
  const Pair cases[] = {
      {"varchar(40) COLLATE \"C\"", "varchar"}, {"bit(3)", "varbit"}, {"numeric(10,2)", "numeric"}};
  for (const auto& [type, sent] : cases) EXPECT_EQ(sent_type(type), sent);
  EXPECT_EQ(type_number("timestamptz"), 1184u);
}

}  // namespace
}  // namespace sluice::postgresql
