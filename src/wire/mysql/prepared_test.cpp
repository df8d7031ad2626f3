// What the recorded logs cannot show (test/cases/binlog, xa): names that are used again, lives that end.
#include "wire/mysql/prepared.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/folder.h"
#include "support/log_builder.h"
#include "support/read_log.h"

namespace sluice::mysql {
namespace {

using test::LogBuilder;
using test::number;
using test::ReadOptions;
using test::ReadResult;

const std::string kOne = "X'6f6e65',X'',1";

std::string body_of(uint8_t one_phase) {
  return number(one_phase, 1) + number(1, 4) + number(3, 4) + number(0, 4) + "one";
}

LogBuilder& prepare(LogBuilder& log, uint32_t first, uint32_t rows, bool one_phase = false) {
  log.query("XA START " + kOne);
  for (uint32_t i = first; i < first + rows; ++i) log.map().insert(LogBuilder::row(i, i));
  log.query("XA END " + kOne);
  return log.add(EventType::XaPrepare, body_of(one_phase));
}

// The values of column `a`, and `!` behind the last change of a transaction.
std::string summary(const ReadResult& result) {
  std::string text;
  for (size_t i = 0; i < result.lines.size(); ++i) {
    size_t at = result.lines[i].find("\"after\":{\"a\":") + 13;
    text += result.lines[i].substr(at, result.lines[i].find(',', at) - at);
    text += result.changes[i].last ? "! " : " ";
  }
  return text;
}

ReadResult read(const LogBuilder& log, size_t batch_bytes = 1 << 20, bool each_event = false,
                const std::string& folder = "") {
  ReadOptions options;
  options.batch_bytes = batch_bytes;
  options.each_event = each_event;
  options.spool_folder = folder;
  return test::read_log({{"binlog.000001", log.file()}}, options);
}

TEST(Prepared, ComesOutAtItsCommitHoweverItIsCut) {
  LogBuilder log;
  log.gtid(1);
  prepare(log, 1, 3);
  log.gtid(2).begin().map().insert(LogBuilder::row(9, 9)).commit();
  log.gtid(3).query("XA COMMIT " + kOne);
  log.gtid(4);
  prepare(log, 4, 2, true);
  log.gtid(5);
  prepare(log, 7, 2);
  log.gtid(6).query("XA ROLLBACK " + kOne).gtid(7).begin().map().insert(LogBuilder::row(8, 8)).commit();
  for (bool each_event : {false, true}) {
    for (size_t batch_bytes : {size_t{1}, size_t{100}, size_t{1} << 20}) {
      ReadResult result = read(log, batch_bytes, each_event);
      EXPECT_EQ(result.error, "");
      EXPECT_EQ(summary(result), "9! 1 2 3! 4 5! 8! ") << batch_bytes << each_event;
      ASSERT_EQ(result.lines.size(), 7u);
      EXPECT_NE(result.lines[2].find("01010101-0101-0101-0101-010101010101:3#1"), std::string::npos);
      EXPECT_NE(result.lines[2].find("\"xa\":\"X'6f6e65',X'',1\""), std::string::npos) << result.lines[2];
    }
  }
}

TEST(Prepared, WaitsInItsFolderForAnotherLife) {
  test::TemporaryFolder folder;
  std::string spool = folder.path() + "/prepared";
  LogBuilder first;
  prepare(first.gtid(1), 1, 2);
  EXPECT_EQ(summary(read(first, 1, true, spool)), "");
  LogBuilder second;
  second.gtid(2).query("XA COMMIT " + kOne);
  EXPECT_EQ(summary(read(second, 1, true, spool)), "1 2! ");
  // Nobody confirmed it: it would be read again.
  EXPECT_EQ(summary(read(second, 1, true, spool)), "1 2! ");
  ReadResult elsewhere = read(second);
  EXPECT_NE(elsewhere.error.find("was prepared before the place where reading began"), std::string::npos)
      << elsewhere.error;
}

TEST(Prepared, UnfinishedIsForgotten) {
  LogBuilder log;
  log.gtid(1).query("XA START " + kOne).map().insert(LogBuilder::row(1, 1));
  log.gtid(1).begin().map().insert(LogBuilder::row(2, 2)).commit();
  ReadResult result = read(log);
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(summary(result), "2! ");
}

class Store {
 public:
  explicit Store(std::string folder) : prepared_(std::move(folder)) {}
  void prepare(const std::string& what) {
    ASSERT_TRUE(prepared_.begin(kOne).has_value());
    std::string event(kHeaderBytes, '\1');
    ASSERT_TRUE(prepared_.add(event, what).has_value());
    ASSERT_TRUE(prepared_.prepare().has_value());
  }
  std::string commit(uint64_t offset) {
    if (!*prepared_.open(kOne)) return "nothing";
    EventHeader header;
    EXPECT_TRUE(*prepared_.peek(header));
    std::string what(prepared_.fetch(arena_)->substr(kHeaderBytes));
    EXPECT_FALSE(*prepared_.peek(header));
    prepared_.close();
    prepared_.committed(kOne, {}, at(offset));
    return what;
  }
  void confirm(uint64_t offset) { prepared_.confirm(at(offset)); }
  void settle(uint64_t offset) { prepared_.settle(at(offset)); }
  void settle_without_checkpoint() { prepared_.settle(Position()); }
  void roll_back() { prepared_.rolled_back(kOne); }

 private:
  static Position at(uint64_t offset) {
    Position position;
    position.file = "binlog.000001";
    position.offset = offset;
    return position;
  }
  PreparedTransactions prepared_;
  Arena arena_;
};

TEST(Prepared, ANameIsUsedAgainBeforeItsFormerUseIsSafe) {
  test::TemporaryFolder folder;
  {
    Store store(folder.path());
    store.prepare("a");
    EXPECT_EQ(store.commit(100), "a");
    store.prepare("b");
    store.confirm(99);
  }
  {  // Taken up again before the first commit.
    Store store(folder.path());
    store.settle(99);
    EXPECT_EQ(store.commit(100), "a");
    store.prepare("b");
    store.confirm(100);
    EXPECT_EQ(store.commit(200), "b");
    store.prepare("c");
  }
  {  // Before the second.
    Store store(folder.path());
    store.settle(199);
    EXPECT_EQ(store.commit(200), "b");
    store.prepare("c");
    EXPECT_EQ(store.commit(300), "c");
    store.confirm(300);
    EXPECT_EQ(store.commit(400), "nothing");
    store.prepare("d");
    store.roll_back();
    EXPECT_EQ(store.commit(500), "nothing");
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Prepared, ANameIsUsedManyTimesBeforeAnythingIsSafe) {
  test::TemporaryFolder folder;
  constexpr uint64_t kTimes = 40;
  for (uint64_t saved : {0, 1, 17, 39}) {  // so many were safe when the life before died
    Store store(folder.path());
    store.settle(saved);
    for (uint64_t i = saved + 1; i <= kTimes; ++i) {
      store.prepare(std::to_string(i));
      EXPECT_EQ(store.commit(i), std::to_string(i));
      if (i == 20 && saved == 0) store.confirm(10);
    }
    store.prepare("last");
  }
  Store store(folder.path());
  store.settle(kTimes);
  EXPECT_EQ(store.commit(kTimes + 1), "last");
  store.confirm(kTimes + 1);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Prepared, WhatALifeLeftBehindGoesAtTheNextStart) {
  test::TemporaryFolder folder;
  auto left = [&] {
    std::filesystem::directory_iterator files(folder.path());
    return std::distance(begin(files), end(files));
  };
  {  // Dies between its checkpoint behind the commit and what follows that.
    Store store(folder.path());
    store.prepare("a");
    EXPECT_EQ(store.commit(100), "a");
    store.prepare("b");
  }
  test::write_file(folder / "begun", "of a death in the middle of a transaction");
  {  // Its checkpoint was not saved: the commit is read again.
    Store store(folder.path());
    store.settle(99);
    EXPECT_EQ(store.commit(100), "a");
  }
  {
    Store store(folder.path());
    store.settle(100);
    EXPECT_EQ(left(), 1);
    EXPECT_EQ(store.commit(200), "b");
  }
  {
    Store store(folder.path());
    store.settle(1000);
    EXPECT_EQ(left(), 0);
    store.prepare("c");
  }
  {  // The same name at a commit that begins a new state is of another transaction.
    Store store(folder.path());
    store.settle_without_checkpoint();
    EXPECT_EQ(left(), 0);
    EXPECT_EQ(store.commit(2000), "nothing");
  }
}

TEST(Prepared, ByGtidsItsOwnTells) {
  test::TemporaryFolder folder;
  Position before, behind;
  before.gtids = *GtidSet::parse("11111111-2222-3333-4444-555555555555:1-6");
  behind.gtids = *GtidSet::parse("11111111-2222-3333-4444-555555555555:1-7");
  {
    PreparedTransactions prepared(folder.path());
    ASSERT_TRUE(prepared.begin(kOne).has_value() && prepared.prepare().has_value());
    ASSERT_TRUE(*prepared.open(kOne));
    prepared.close();
    prepared.committed(kOne, *GtidSet::parse("11111111-2222-3333-4444-555555555555:7"), {});
  }
  PreparedTransactions(folder.path()).settle(before);
  EXPECT_FALSE(std::filesystem::is_empty(folder.path()));
  PreparedTransactions(folder.path()).settle(behind);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Prepared, DamageIsAFault) {
  test::TemporaryFolder folder;
  LogBuilder log;
  prepare(log.gtid(1), 1, 1);
  EXPECT_EQ(read(log, 1, true, folder.path()).error, "");
  LogBuilder commit;
  commit.gtid(2).query("XA COMMIT " + kOne);
  std::filesystem::path file = std::filesystem::directory_iterator(folder.path())->path();
  for (uintmax_t size = std::filesystem::file_size(file); size-- > 0;) {
    std::filesystem::resize_file(file, size);
    ReadResult result = read(commit, 1, true, folder.path());
    EXPECT_NE(result.error.find("was set aside"), std::string::npos) << size << ": " << result.error;
  }
}

TEST(Prepared, Names) {
  EXPECT_EQ(spell_xid("one", "", 1), kOne);
  EXPECT_EQ(spell_xid(std::string("\0\xff", 2), "b", 4294967295), "X'00ff',X'62',4294967295");
  EXPECT_EQ(xid_of_statement("XA COMMIT X'6f6e65',X'',1"), kOne);
  EXPECT_EQ(xid_of_statement("XA COMMIT X'6f6e65',X'',1 ONE PHASE"), kOne);
  EXPECT_EQ(xid_of_statement("XA COMMIT"), "");
}

}  // namespace
}  // namespace sluice::mysql
