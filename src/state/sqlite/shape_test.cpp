#include "state/sqlite/shape.h"

#include <gtest/gtest.h>

namespace sluice::sqlite {
namespace {

Table table_of_everything() {
  Table table;
  table.database = "sh\"op";
  table.name = "a'b\n🙂";
  table.charset = "utf8mb4";
  table.collation = "utf8mb4_bin";
  table.named = false;
  for (int type = 0; type <= static_cast<int>(ColumnType::Inet6); ++type) {
    Column column;
    column.name = fmt::format("c{}", type);
    column.type = static_cast<ColumnType>(type);
    column.is_unsigned = type & 1;
    column.nullable = type & 2;
    column.generated = type & 4;
    column.invisible = type & 8;
    column.hidden = type & 16;
    column.fraction_digits = 6;
    column.precision = 65;
    column.scale = 30;
    column.length = UINT32_MAX;
    column.charset = "latin1";
    column.collation = "latin1_swedish_ci";
    column.members = {"", "a,b", std::string(1, '\0')};
    column.declared = "enum('','a,b')";
    table.columns.push_back(column);
  }
  table.key = {3, 0};
  table.stands_in = true;
  table.unique = {{"k", {3, 0}, false}, {"a 'b'", {}, true}};
  return table;
}

TEST(Shape, ComesBackAsItWas) {
  Table table = table_of_everything();
  std::string packed = pack(table);
  auto back = unpack(packed);
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(back->name, table.name);
  ASSERT_EQ(back->columns.size(), table.columns.size());
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const Column& a = table.columns[i];
    const Column& b = back->columns[i];
    EXPECT_EQ(b.name, a.name);
    EXPECT_EQ(b.type, a.type);
    EXPECT_EQ(b.is_unsigned, a.is_unsigned);
    EXPECT_EQ(b.nullable, a.nullable);
    EXPECT_EQ(b.generated, a.generated);
    EXPECT_EQ(b.invisible, a.invisible);
    EXPECT_EQ(b.hidden, a.hidden);
    EXPECT_EQ(b.fraction_digits, a.fraction_digits);
    EXPECT_EQ(b.precision, a.precision);
    EXPECT_EQ(b.scale, a.scale);
    EXPECT_EQ(b.length, a.length);
    EXPECT_EQ(b.charset, a.charset);
    EXPECT_EQ(b.collation, a.collation);
    EXPECT_EQ(b.members, a.members);
    EXPECT_EQ(b.declared, a.declared);
  }
  EXPECT_EQ(back->key, table.key);
  EXPECT_EQ(back->stands_in, table.stands_in);
  EXPECT_EQ(back->unique, table.unique);
  EXPECT_EQ(back->named, table.named);
  EXPECT_EQ(back->charset, table.charset);
  EXPECT_EQ(back->collation, table.collation);
  EXPECT_EQ(pack(*back), packed);
}

TEST(Shape, CutAnywhereIsAFaultAndNeverAnotherTable) {
  std::string packed = pack(table_of_everything());
  for (size_t size = 0; size < packed.size(); ++size) {
    EXPECT_FALSE(unpack(std::string_view(packed).substr(0, size))) << "cut to " << size;
  }
  EXPECT_FALSE(unpack(packed + '\0'));
  EXPECT_NE(unpack(packed.substr(0, packed.size() - 1))
                .error()
                .what.find("a copy of the state folder from a backup"),
            std::string::npos);
}

TEST(Shape, SurvivesEveryByteBeingWrong) {
  std::string packed = pack(table_of_everything());
  for (size_t at = 0; at < packed.size(); ++at) {
    for (unsigned char wrong : {0x00, 0x7f, 0x80, 0xff}) {
      std::string damaged = packed;
      damaged[at] = static_cast<char>(wrong);
      auto table = unpack(damaged);
      if (!table) continue;
      for (uint32_t ordinal : table->key) ASSERT_LT(ordinal, table->columns.size()) << "byte " << at;
      for (const UniqueKey& key : table->unique) {
        for (uint32_t ordinal : key.columns) ASSERT_LT(ordinal, table->columns.size()) << "byte " << at;
      }
    }
  }
}

TEST(Shape, OfTheVersionWithoutUniqueKeysIsRead) {
  Table table = table_of_everything();
  table.stands_in = false;
  table.unique.clear();
  std::string packed = pack(table);
  packed[0] = 1;
  packed.resize(packed.size() - 2);
  auto back = unpack(packed);
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(pack(*back), pack(table));
}

TEST(Shape, OfANewerVersionIsRefused) {
  std::string packed = pack(table_of_everything());
  packed[0] = 3;
  auto table = unpack(packed);
  ASSERT_FALSE(table);
  EXPECT_NE(table.error().what.find("version 3"), std::string::npos) << table.error().what;
}

}  // namespace
}  // namespace sluice::sqlite
