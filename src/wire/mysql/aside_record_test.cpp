#include "wire/mysql/aside_record.h"

#include <gtest/gtest.h>

namespace sluice::mysql {
namespace {

AsideRecord example() {
  AsideRecord record;
  record.kind = AsideRecord::Kind::Ddl;
  record.commit_us = 1768473000123456;
  record.begin = 5'000'000'000;
  record.offset = 5'000'000'100;
  record.next = 5'000'000'200;
  record.index = 7;
  record.changes = 3;
  record.thread_id = 11;
  record.timestamp = 1768473000;
  record.server_id = 0xfffffffe;
  record.type = EventType::QueryCompressed;
  record.flavor = Flavor::MariaDb;
  record.version = 101106;
  record.explicit_timestamp = false;
  record.transaction = "0-1-17";
  record.gtid = "0-1-17";
  record.xa = "X'6f6e65',X'',1";
  record.file = "bin.000042";
  record.query = "insert into t values (1)";
  record.map = std::string_view("\0map\xff", 5);
  record.charset = "utf8mb4";
  record.tables = {{"shop", "t"}, {"o`dd", ""}};
  record.body = std::string_view("\0\1body", 6);
  return record;
}

std::string text(const AsideRecord& r) {
  std::string tables;
  for (const TableName& name : r.tables) tables += name.database + "." + name.table + ";";
  return fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}|{}|{}|{}|{}|{}|{}|{}|{}",
                     static_cast<int>(r.kind), r.last, r.xid, r.commit_us, r.begin, r.offset, r.next, r.index,
                     r.changes, r.thread_id, r.timestamp, r.server_id, static_cast<int>(r.type),
                     static_cast<int>(r.flavor), r.version, r.explicit_timestamp, r.transaction, r.gtid, r.xa,
                     r.file, r.query, r.map, r.charset, tables, r.body);
}

TEST(AsideRecord, ReadsBackAsItWas) {
  AsideRecord record = example();
  std::string packed = pack(record);
  auto again = unpack_aside(packed);
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_EQ(text(*again), text(record));
  close_aside(packed, 99);
  auto closed = unpack_aside(packed);
  ASSERT_TRUE(closed);
  record.last = true;
  record.xid = 99;
  EXPECT_EQ(text(*closed), text(record));
}

TEST(AsideRecord, CutAnywhereIsAFault) {
  AsideRecord record = example();
  std::string packed = pack(record);
  for (size_t size = 0; size + record.body.size() < packed.size(); ++size)
    EXPECT_FALSE(unpack_aside(std::string_view(packed).substr(0, size))) << size;
  EXPECT_TRUE(unpack_aside(packed));
}

TEST(AsideRecord, OfAnotherFormOrKindIsAFault) {
  std::string packed = pack(example());
  for (size_t at : {0, 1}) {
    std::string wrong = packed;
    wrong[at] = 9;
    EXPECT_FALSE(unpack_aside(wrong)) << at;
  }
}

}  // namespace
}  // namespace sluice::mysql
