#include "sink/mysql/column_type.h"

#include <gtest/gtest.h>

namespace sluice::mysql {
namespace {

struct Pair {
  const char *there, *wanted;
};

TEST(MysqlColumnType, HoldsWhatStaysAsItIsOrIsRefusedAloud) {
  const Pair good[] = {{"int(11)", "bigint unsigned"},
                       {"bigint unsigned", "int"},
                       {"smallint", "year"},
                       {"decimal(20,0)", "bigint unsigned"},
                       {"decimal(12,3)", "decimal(10,2)"},
                       {"double", "float"},
                       {"float", "float"},
                       {"datetime(6)", "timestamp(3)"},
                       {"timestamp", "datetime"},
                       {"time(6)", "time(6)"},
                       {"varchar(40)", "varchar(40)"},
                       {"varchar(40)", "char(40)"},
                       {"char(40)", "char(10)"},
                       {"varchar(255)", "tinytext"},
                       {"text", "varchar(8000)"},
                       {"longtext", "json"},
                       {"varchar(30)", "timestamp(6)"},
                       {"char(10)", "date"},
                       {"varchar(10)", "enum('a','b')"},
                       {"enum('a','b')", "enum('a')"},
                       {"uuid", "char(36)"},
                       {"inet6", "varchar(45)"},
                       {"binary(4)", "binary(4)"},
                       {"varbinary(4)", "binary(4)"},
                       {"blob", "varbinary(9)"},
                       {"point", "geometry"},
                       {"json", "json"},
                       {"bit(8)", "bit(9)"}};
  for (const auto& [there, wanted] : good) EXPECT_TRUE(holds(there, wanted)) << there << " " << wanted;
  const Pair bad[] = {{"varchar(20)", "blob"},
                      {"int", "decimal(10,0)"},
                      {"year", "int"},
                      {"decimal(10,1)", "decimal(10,2)"},
                      {"decimal(10,2)", "double"},
                      {"float", "double"},
                      {"float(7,4)", "float"},
                      {"datetime", "datetime(6)"},
                      {"timestamp(3)", "datetime(6)"},
                      {"time", "time(1)"},
                      {"date", "datetime"},
                      {"varchar(39)", "varchar(40)"},
                      {"varchar(100)", "text"},
                      {"tinytext", "varchar(64)"},
                      {"char(40)", "varchar(10)"},
                      {"enum('a')", "varchar(10)"},
                      {"json", "longtext"},
                      {"uuid", "char(35)"},
                      {"binary(20)", "varbinary(20)"},
                      {"binary(8)", "binary(4)"},
                      {"int GENERATED", "int"}};
  for (const auto& [there, wanted] : bad) EXPECT_FALSE(holds(there, wanted)) << there << " " << wanted;
}

}  // namespace
}  // namespace sluice::mysql
