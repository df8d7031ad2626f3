// What the recorded logs of test/cases cannot show: logs that servers leave behind when they die, connections
// that are lost, and batches that are too small. The logs here are made by hand.
#include "wire/mysql/decoder.h"

#include <gtest/gtest.h>

#include "support/log_builder.h"
#include "support/read_log.h"
#include "wire/mysql/event.h"

namespace sluice::mysql {
namespace {

using test::LogBuilder;
using test::ReadOptions;
using test::ReadResult;

ReadResult read(const std::string& file, ReadOptions options = {}) {
  options.with = {"tx"};
  return test::read_log({{"binlog.000001", file}}, options);
}

// The values of column `a` of the lines, in order, and `!` behind the last change of a transaction.
std::string summary(const ReadResult& result) {
  std::string text;
  for (size_t i = 0; i < result.lines.size(); ++i) {
    const std::string& line = result.lines[i];
    size_t at = line.rfind("{\"a\":");
    if (!text.empty()) text += ' ';
    text += at == std::string::npos ? "-" : line.substr(at + 5, line.find_first_of(",}", at + 5) - at - 5);
    if (result.changes[i].last) text += '!';
  }
  return text;
}

TEST(Decoder, TransactionWithoutEndIsNotShown) {
  LogBuilder log;
  log.gtid(1).begin().map().insert(LogBuilder::row(1, 1)).commit();
  log.gtid(2).begin().map().insert(LogBuilder::row(2, 2));
  std::string cut = log.file();
  // The server came back and used the number again.
  log.gtid(2).begin().map().insert(LogBuilder::row(3, 3)).commit();
  ReadResult result = read(log.file());
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(summary(result), "1! 3!");

  ReadResult files = test::read_log(
      {{"binlog.000001", cut},
       {"binlog.000002", LogBuilder().begin().map().insert(LogBuilder::row(4, 4)).commit().file()}},
      {});
  EXPECT_EQ(files.error, "");
  EXPECT_EQ(summary(files), "1! 4!");
}

TEST(Decoder, TransactionWithoutEndIsAFaultOnceItWasHandedOver) {
  LogBuilder log;
  log.gtid(1).begin();
  for (uint32_t i = 1; i < 4; ++i) log.map().insert(LogBuilder::row(i, i));
  log.gtid(1).begin().map().insert(LogBuilder::row(9, 9)).commit();
  ReadOptions options;
  options.batch_bytes = 1;
  ReadResult result = read(log.file(), options);
  EXPECT_NE(result.error.find("a transaction of 3 changes was never finished"), std::string::npos)
      << result.error;
  EXPECT_EQ(summary(result), "1");
}

TEST(Decoder, RowOfDefaultsAlone) {
  LogBuilder log;
  log.begin().map().insert("", 1, 2, std::string(1, '\0')).map().insert("", 1, 2).commit();
  ReadResult result = read(log.file());
  EXPECT_EQ(result.error, "");
  ASSERT_EQ(result.lines.size(), 1u) << "an event of columns but no bytes holds no row";
  EXPECT_NE(result.lines[0].find("\"after\":{}"), std::string::npos) << result.lines[0];
}

// Rows that take no bytes, or half of theirs, would be changes that nobody made.
TEST(Decoder, ChangesOfRowsWithoutAColumnAreAFault) {
  std::string head = test::number(1, 6) + test::number(1, 2) + test::number(2, 2) + LogBuilder::packed(2);
  for (const std::string& none : {std::string(1, '\0'), std::string("\xfc")}) {
    for (auto type : {mysql::EventType::DeleteRows, mysql::EventType::UpdateRows}) {
      std::string images = type == mysql::EventType::UpdateRows ? none + "\xff" : none;
      ReadResult result =
          read(LogBuilder().begin().map().add(type, head + images + LogBuilder::row(1, 1)).commit().file());
      EXPECT_NE(result.error.find("says nothing of the rows that it changed"), std::string::npos)
          << result.error;
      EXPECT_TRUE(result.lines.empty());
    }
  }
}

TEST(Decoder, SavepointsAreHeldBackWhateverTheBatch) {
  LogBuilder log;
  log.begin().map().insert(LogBuilder::row(1, 1)).query("SAVEPOINT `One`");
  log.map().insert(LogBuilder::row(2, 2) + LogBuilder::row(3, 3)).query("SAVEPOINT `two`");
  log.map().insert(LogBuilder::row(4, 4)).query("ROLLBACK TO `one`");
  log.map().insert(LogBuilder::row(5, 5)).query("ROLLBACK TO SAVEPOINT `ONE`");
  log.map().insert(LogBuilder::row(6, 6)).commit();
  for (bool each_event : {false, true}) {
    ReadOptions options;
    options.batch_bytes = each_event ? 1 : 1 << 20;
    options.each_event = each_event;
    ReadResult result = read(log.file(), options);
    EXPECT_EQ(result.error, "");
    EXPECT_EQ(summary(result), "1 6!") << each_event;
    EXPECT_EQ(result.changes[1].index, 1u);
  }
  ReadResult unknown =
      read(LogBuilder().begin().map().insert(LogBuilder::row(1, 1)).query("ROLLBACK TO `x`").commit().file());
  EXPECT_NE(unknown.error.find("a savepoint that it does not have"), std::string::npos) << unknown.error;
}

TEST(Decoder, EventOfManyEmptyRowsIsSplit) {
  constexpr size_t kColumns = 4000, kRows = 20'000;
  LogBuilder log;
  // One column is in the image, and null: a byte in the log, 64 KB of cells.
  log.begin().map(1, kColumns).insert(std::string(kRows, '\1'), 1, kColumns, "\1").commit();
  ReadOptions options;
  ReadResult result = read(log.file(), options);
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.lines.size(), kRows);
  EXPECT_LT(result.most_held, size_t{16} << 20) << "bytes of cells in one batch";
  for (size_t i = 0; i < result.changes.size(); ++i) {
    ASSERT_EQ(result.changes[i].index, i);
    ASSERT_EQ(result.changes[i].last, i + 1 == kRows);
  }
}

TEST(Decoder, ManyRowsBehindASavepointStayInOneBatch) {
  constexpr size_t kRows = 60'000;
  LogBuilder log;
  log.begin().query("SAVEPOINT `x`").map(1, 1).insert(std::string(kRows, '\1'), 1, 1).commit();
  ReadOptions options;
  options.each_event = true;
  ReadResult result = read(log.file(), options);
  EXPECT_EQ(result.error, "");
  ASSERT_EQ(result.changes.size(), kRows);
  EXPECT_TRUE(result.changes.back().last);
}

TEST(Decoder, WhatIsHeldBackIsBounded) {
  constexpr size_t kColumns = 4000, kRows = 3'000;
  LogBuilder log;
  log.begin().query("SAVEPOINT `x`").map(1, kColumns);
  log.insert(std::string(kRows, '\1'), 1, kColumns, "\1").query("ROLLBACK TO `x`").commit();
  ReadResult result = read(log.file());
  EXPECT_NE(result.error.find("of them were delivered"), std::string::npos) << result.error;
  EXPECT_LT(result.most_held, size_t{64} << 20) << "bytes of cells in one batch";
}

TEST(Decoder, FloodOfStatementsFillsABatch) {
  LogBuilder log;
  for (int i = 0; i < 100; ++i) log.query("CREATE TABLE x (a int) COMMENT '" + std::string(1000, 'x') + "'");
  Catalogue catalogue;
  Selection selection;
  DecoderOptions options;
  options.batch_bytes = 10'000;
  Decoder decoder(catalogue, selection, nullptr, options);
  decoder.start({});
  Batch batch;
  size_t most = 0, batches = 0;
  std::string file = log.file();
  for (std::string_view event : test::events_of(file)) {
    auto taken = decoder.take(batch.arena.copy(event), batch);
    ASSERT_TRUE(taken.has_value()) << taken.error().what;
    if (!*taken) {
      decoder.finish(batch);
      most = std::max(most, batch.changes.size());
      batch.reset();
      ++batches;
      ASSERT_TRUE(*decoder.take(batch.arena.copy(event), batch));
    }
  }
  EXPECT_LT(most, 20u);
  EXPECT_GT(batches, 5u);
}

// explicit_defaults_for_timestamp: as the log tells it, else as the server's version had it by default.
TEST(Decoder, TimestampsAreNullableWhereTheirServerSaysSo) {
  const std::string off("\x10\0", 2), on("\x10\1", 2);
  struct Case {
    std::string version, status;
    bool nullable;
  };
  for (const Case& c : {Case{"5.6.51-log", "", false},
                        {"5.7.44", "", false},
                        {"8.0.36", "", true},
                        {"9.7.0", off, false},
                        {"9.7.0", on, true},
                        {"10.6.18-MariaDB-log", "", false},
                        {"10.11.6-MariaDB", "", true}}) {
    std::string file = LogBuilder(c.version).query("CREATE TABLE shop.t (a TIMESTAMP)", c.status).file();
    Catalogue catalogue;
    Selection selection;
    Decoder decoder(catalogue, selection, nullptr, {});
    decoder.start({});
    Batch batch;
    for (std::string_view event : test::events_of(file)) {
      auto taken = decoder.take(batch.arena.copy(event), batch);
      ASSERT_TRUE(taken.has_value()) << taken.error().what;
    }
    TablePtr table = catalogue.find("shop", "t");
    ASSERT_TRUE(table) << c.version;
    EXPECT_EQ(table->columns[0].nullable, c.nullable) << c.version << ", status " << c.status.size();
  }
}

// Reads `file` event by event, losing the connection after each of the events counted by `lost_after`; what
// was handed over until then must not come again.
std::string read_with_losses(const std::string& file, const std::vector<size_t>& lost_after,
                             bool idle_finish) {
  Catalogue catalogue;
  Selection selection;
  Decoder decoder(catalogue, selection, nullptr, {});
  Position begin;
  begin.file = "binlog.000001";
  begin.offset = 4;
  std::string ids;
  auto hand_over = [&](Batch& batch, bool end) {
    decoder.finish(batch, end);
    for (const Change& change : batch.changes)
      ids += fmt::format("{}{} ", change.index, change.last ? "!" : "");
    batch.reset();
  };
  Batch batch;
  for (size_t round = 0; round <= lost_after.size(); ++round) {
    decoder.start(begin);
    if (idle_finish) hand_over(batch, false);
    size_t count = 0;
    for (std::string_view event : test::events_of(file)) {
      if (round < lost_after.size() && count++ == lost_after[round]) break;
      EXPECT_TRUE(*decoder.take(batch.arena.copy(event), batch));
      hand_over(batch, false);
    }
  }
  return ids;
}

TEST(Decoder, LostConnectionsRepeatNothing) {
  LogBuilder log;
  log.begin();
  for (uint32_t i = 0; i < 5; ++i) log.map().insert(LogBuilder::row(i, i));
  log.commit();
  // 1 format description, 2 BEGIN, then a map and a row event in turn.
  for (bool idle_finish : {false, true}) {
    EXPECT_EQ(read_with_losses(log.file(), {}, idle_finish), "0 1 2 3 4! ");
    EXPECT_EQ(read_with_losses(log.file(), {8}, idle_finish), "0 1 2 3 4! ");
    EXPECT_EQ(read_with_losses(log.file(), {10, 4, 0, 6}, idle_finish), "0 1 2 3 4! ") << idle_finish;
  }
}

// A file stays as it is; what a server sends may come whole the next time.
TEST(Decoder, DamageIsForEverInAFileAndPassesInAStream) {
  test::LogFile log = test::log_files(SLUICE_TEST_DIR "/cases/binlog/mysql-9.7-payload").front();
  for (bool live : {false, true}) {
    Catalogue catalogue;
    Selection selection;
    Decoder decoder(catalogue, selection, nullptr, {.live = live});
    decoder.start({});
    Batch batch;
    size_t events = 0;
    for (std::string_view event : test::events_of(log.bytes)) {
      if (++events == 1) {  // the format description, which says that there are checksums
        ASSERT_TRUE(decoder.take(batch.arena.copy(event), batch));
        continue;
      }
      for (size_t bit : {size_t{0}, 8 * size_t{4} + 1, 8 * size_t{9} + 3, 8 * event.size() - 1}) {
        std::string damaged(event);
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
        auto taken = decoder.take(batch.arena.copy(damaged), batch);
        ASSERT_FALSE(taken) << "event " << events << ", bit " << bit;
        EXPECT_EQ(taken.error().fault, live ? Fault::Retryable : Fault::Fatal) << taken.error().what;
        EXPECT_TRUE(decoder.met_damage()) << taken.error().what;
      }
      EXPECT_TRUE(batch.changes.empty());
      if (events == 4) break;
    }
    EXPECT_FALSE(decoder.take(std::string_view("short"), batch));
    EXPECT_FALSE(decoder.met_damage());
  }
}

TEST(Decoder, EventsTooShortForTheirChecksum) {
  // The format description says CRC32, and is not checked itself.
  std::string file = LogBuilder().file();
  file[file.size() - 5] = 1;
  LogBuilder rest;
  std::string event = rest.add(EventType::Stop, "").file().substr(file.size());
  ReadOptions options;
  options.verify_checksums = false;
  ReadResult result = read(file + event, options);
  EXPECT_NE(result.error.find("too short to hold its checksum"), std::string::npos) << result.error;
}

TEST(Decoder, WhatCannotBeShownStopsUnlessToldOtherwise) {
  LogBuilder log;
  log.begin().map().insert(LogBuilder::row(1, 1)).commit();
  size_t place = log.file().size();
  auto with = [&](EventType type, uint16_t flags = 0) {
    LogBuilder more = log;
    more.add(type, "\1\0\0\0some text", flags).begin().map().insert(LogBuilder::row(2, 2)).commit();
    return more.file();
  };
  ReadOptions unknown, lost;
  unknown.skip_unknown = lost.skip_lost = true;
  struct Case {
    EventType type;
    const char* error;
    const ReadOptions* skip;
  };
  const Case cases[] = {
      {EventType{200}, "unknown event at binlog.000001:{}: events of type 200 are not understood", &unknown},
      {EventType{43}, "unknown event at binlog.000001:{}: events of type 43 are not understood", &unknown},
      {EventType::PreGaWriteRows, "PRE_GA_WRITE_ROWS event at binlog.000001:{}: events of type 20", &unknown},
      {EventType::PartialRowData, "PARTIAL_ROW_DATA event at binlog.000001:{}: events of type 172", &unknown},
      {EventType::Incident, "INCIDENT event at binlog.000001:{}: the server reports that changes are missing",
       &lost},
      {EventType::StartEncryption, "START_ENCRYPTION event at binlog.000001:{}: the file is encrypted",
       nullptr},
  };
  for (const Case& c : cases) {
    ReadResult stopped = read(with(c.type));
    EXPECT_EQ(summary(stopped), "1!");
    EXPECT_TRUE(stopped.error.starts_with(fmt::format(fmt::runtime(c.error), place))) << stopped.error;
    for (const ReadOptions* options : {&unknown, &lost}) {
      ReadResult result = read(with(c.type), *options);
      EXPECT_EQ(summary(result), options == c.skip ? "1! 2!" : "1!") << name(c.type);
      EXPECT_EQ(result.skipped_events, options == c.skip ? 1u : 0u) << name(c.type);
    }
  }
  ReadResult ignorable = read(with(EventType{200}, kFlagIgnorable));
  EXPECT_EQ(summary(ignorable), "1! 2!");
  EXPECT_EQ(ignorable.skipped_events, 1u);
  ReadOptions live;
  live.live = true;
  EXPECT_EQ(summary(read(with(EventType::StartEncryption), live)), "1! 2!");
}

TEST(Decoder, EventsThatConcernServersAlone) {
  for (EventType type : {EventType::Stop, EventType::Heartbeat, EventType::HeartbeatV2, EventType::Ignorable,
                         EventType::IntVar, EventType::Rand, EventType::UserVar,
                         EventType::TransactionContext, EventType::ViewChange, EventType::BinlogCheckpoint}) {
    LogBuilder log;
    log.begin().map().insert(LogBuilder::row(1, 1)).commit().add(type, "something");
    ReadResult result = read(log.begin().map().insert(LogBuilder::row(2, 2)).commit().file());
    EXPECT_EQ(result.error, "") << name(type);
    EXPECT_EQ(summary(result), "1! 2!") << name(type);
    EXPECT_EQ(result.skipped_events, 0u) << name(type);
  }
}

TEST(Decoder, CommitOfWhatWasPreparedBefore) {
  LogBuilder log;
  log.gtid(1).query("XA COMMIT X'61',X'',1").gtid(2).begin().map().insert(LogBuilder::row(2, 2)).commit();
  EXPECT_NE(read(log.file()).error.find("the XA transaction X'61',X'',1 is committed"), std::string::npos);
  ReadOptions lost;
  lost.skip_lost = true;
  ReadResult result = read(log.file(), lost);
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(summary(result), "2!");
  EXPECT_EQ(result.skipped_events, 1u);
}

}  // namespace
}  // namespace sluice::mysql
