#include "wire/mysql/table_map.h"

#include <gtest/gtest.h>

#include "wire/mysql/charset.h"

namespace sluice::mysql {
namespace {

using namespace std::string_literals;

// `d.t` with these type codes and metadata; all columns are nullable.
std::string body(const std::string& types, const std::string& metadata, const std::string& optional = {}) {
  std::string text = "\1\0\0\0\0\0\1\0\1d\0\1t\0"s;
  text += static_cast<char>(types.size()) + types + static_cast<char>(metadata.size()) + metadata;
  return text + std::string((types.size() + 7) / 8, '\xff') + optional;
}

TEST(TableMap, YearHasABitOfItsOwnAmongTheSigns) {
  // int, year, bit, int unsigned: the third bit is of the second int.
  auto map = read_table_map(body("\3\15\20\3"s, "\1\0"s, "\1\1\x60"s), Flavor::MySql);
  ASSERT_TRUE(map.has_value()) << map.error().what;
  EXPECT_TRUE(map->has_signs);
  EXPECT_FALSE(map->columns[0].is_unsigned);
  EXPECT_TRUE(map->columns[1].is_unsigned);
  EXPECT_TRUE(map->columns[3].is_unsigned);
}

TEST(TableMap, GeometryCountsAsTextInMariaDbAlone) {
  // geometry, blob; binary unless the second character column is said to be utf8mb4.
  std::string mariadb = body("\xff\xfc"s, "\4\2"s, "\2\3\x3f\1\x2d"s);
  auto map = read_table_map(mariadb, Flavor::MariaDb);
  ASSERT_TRUE(map.has_value()) << map.error().what;
  EXPECT_EQ(map->columns[1].charset->name(), "utf8mb4");
  EXPECT_FALSE(read_table_map(mariadb, Flavor::MySql).has_value());
  auto mysql = read_table_map(body("\xff\xfc"s, "\4\2"s, "\2\3\x3f\0\x2d"s), Flavor::MySql);
  ASSERT_TRUE(mysql.has_value()) << mysql.error().what;
  EXPECT_EQ(mysql->columns[1].charset->name(), "utf8mb4");
}

TEST(TableMap, LengthsAndTypesHiddenInMetadata) {
  // CHAR(255) of four bytes each: 1020 bytes; ENUM of two bytes; SET of eight; BIT(63).
  auto map = read_table_map(body("\xfe\xfe\xfe\x10"s, "\xce\xfc\xf7\2\xf8\10\7\7"s), Flavor::MySql);
  ASSERT_TRUE(map.has_value()) << map.error().what;
  EXPECT_EQ(map->columns[0].type, WireType::String);
  EXPECT_EQ(map->columns[0].length, 1020u);
  EXPECT_EQ(map->columns[1].type, WireType::Enum);
  EXPECT_EQ(map->columns[1].length, 2u);
  EXPECT_EQ(map->columns[2].type, WireType::Set);
  EXPECT_EQ(map->columns[2].length, 8u);
  EXPECT_EQ(map->columns[3].length, 63u);
}

TEST(TableMap, HashColumnsOfMariaDbAreHidden) {
  std::string names = "\4\21\2id\15DB_ROW_HASH_1"s;
  for (Flavor flavor : {Flavor::MariaDb, Flavor::MySql}) {
    auto map = read_table_map(body("\3\10"s, "", names), flavor);
    ASSERT_TRUE(map.has_value()) << map.error().what;
    Table table = table_of(*map);
    EXPECT_FALSE(table.columns[0].hidden);
    EXPECT_EQ(table.columns[1].hidden, flavor == Flavor::MariaDb);
  }
}

struct Malformed {
  const char* what;
  std::string bytes;
  const char* why;
};

TEST(TableMap, NonsenseIsRefused) {
  const Malformed cases[] = {
      {"empty", "", "cut short"},
      {"more columns than there can be", "\1\0\0\0\0\0\1\0\1d\0\1t\0\xfd\xff\xff\xff"s, "columns"},
      {"decimal of no digits", body("\xf6"s, "\0\0"s), "nonsense"},
      {"decimal of more digits behind the point than in all", body("\xf6"s, "\5\6"s), "nonsense"},
      {"bit of 65 bits", body("\x10"s, "\1\10"s), "nonsense"},
      {"blob with a length of 5 bytes", body("\xfc"s, "\5"s), "nonsense"},
      {"datetime with 7 digits", body("\x12"s, "\7"s), "nonsense"},
      {"metadata for one of two", body("\xfc\xfc"s, "\2"s), "nonsense"},
      {"signs cut off", body("\3"s, "", "\1\0"s), "malformed optional field of type 1"},
      {"the same field twice", body("\3"s, "", "\1\1\0\1\1\0"s), "twice"},
      {"key of a column that is not there", body("\3"s, "", "\10\1\1"s),
       "malformed optional field of type 8"},
      {"field longer than the event", body("\3"s, "", "\4\5\1a"s), "cut short"},
      {"members without end", body("\xfe"s, "\xf7\1"s, "\6\2\xfc\xff"s),
       "malformed optional field of type 6"},
  };
  for (const Malformed& one : cases) {
    auto map = read_table_map(one.bytes, Flavor::MySql);
    ASSERT_FALSE(map.has_value()) << one.what;
    EXPECT_NE(map.error().what.find(one.why), std::string::npos) << one.what << ": " << map.error().what;
  }
}

}  // namespace
}  // namespace sluice::mysql
