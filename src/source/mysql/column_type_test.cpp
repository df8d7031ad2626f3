#include "source/mysql/column_type.h"

#include <gtest/gtest.h>

namespace sluice::mysql {
namespace {

struct Case {
  const char* declared;
  ColumnType type;
  bool is_unsigned = false;
  uint32_t length = 0;
  int precision = 0, scale = 0, fraction_digits = 0;
  std::vector<std::string> members = {};
};

TEST(ColumnType, Declared) {
  const Case cases[] = {
      {"int", ColumnType::Int},
      {"int(11)", ColumnType::Int},
      {"int(10) unsigned", ColumnType::Int, true},
      {"bigint unsigned", ColumnType::BigInt, true},
      {"tinyint(1)", ColumnType::TinyInt},
      {"smallint(5) unsigned zerofill", ColumnType::SmallInt, true},
      {"decimal(65,30)", ColumnType::Decimal, false, 0, 65, 30},
      {"decimal(10,0) unsigned", ColumnType::Decimal, true, 0, 10, 0},
      {"double(10,2) unsigned", ColumnType::Double, true},
      {"float", ColumnType::Float},
      {"bit(64)", ColumnType::Bit, false, 64},
      {"year(4)", ColumnType::Year},
      {"date", ColumnType::Date},
      {"time", ColumnType::Time},
      {"time(6)", ColumnType::Time, false, 0, 0, 0, 6},
      {"datetime(9)", ColumnType::DateTime, false, 0, 0, 0, 6},  // as no server says
      {"datetime(3)", ColumnType::DateTime, false, 0, 0, 0, 3},
      {"timestamp(1) /* mariadb-5.3 */", ColumnType::Timestamp, false, 0, 0, 0, 1},
      {"varchar(255)", ColumnType::VarChar, false, 255},
      {"varbinary(16)", ColumnType::VarBinary, false, 16},
      {"char(0)", ColumnType::Char},
      {"longtext", ColumnType::LongText},
      {"tinyblob", ColumnType::TinyBlob},
      {"json", ColumnType::Json},
      {"multipolygon", ColumnType::Geometry},
      {"geomcollection", ColumnType::Geometry},
      {"vector(2048)", ColumnType::Vector, false, 2048},
      {"uuid", ColumnType::Uuid},
      {"inet4", ColumnType::Inet4},
      {"inet6", ColumnType::Inet6},
      {"enum('a','b')", ColumnType::Enum, false, 0, 0, 0, 0, {"a", "b"}},
      {"enum('it''s','a,b',' unsigned)','')",
       ColumnType::Enum,
       false,
       0,
       0,
       0,
       0,
       {"it's", "a,b", " unsigned)", ""}},
      {"set('back\\slash','''','\xC3\xA4')",
       ColumnType::Set,
       false,
       0,
       0,
       0,
       0,
       {"back\\slash", "'", "\xC3\xA4"}},
      {"point_of_no_return", ColumnType::Unknown},
      {"enum(", ColumnType::Enum},
      {"enum('a", ColumnType::Enum},
      {"decimal(x)", ColumnType::Decimal},
      {"", ColumnType::Unknown},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.declared);
    Column column;
    set_declared_type(c.declared, column);
    EXPECT_EQ(static_cast<int>(column.type), static_cast<int>(c.type));
    EXPECT_EQ(column.is_unsigned, c.is_unsigned);
    EXPECT_EQ(column.length, c.length);
    EXPECT_EQ(column.precision, c.precision);
    EXPECT_EQ(column.scale, c.scale);
    EXPECT_EQ(column.fraction_digits, c.fraction_digits);
    EXPECT_EQ(column.members, c.members);
    EXPECT_EQ(column.declared, c.declared);
  }
}

}  // namespace
}  // namespace sluice::mysql
