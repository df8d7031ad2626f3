// What the recorded logs cannot show (test/decode_cases_test.cpp reads them all with their transactions
// withheld).
#include "wire/mysql/withheld.h"

#include <gtest/gtest.h>

#include "base/arena.h"
#include "support/folder.h"
#include "support/log_builder.h"
#include "support/read_log.h"

namespace sluice::mysql {
namespace {

using test::LogBuilder;
using test::ReadOptions;
using test::ReadResult;

std::string event_of(EventType type, std::string_view body) {
  std::string event(kHeaderBytes, '\0');
  event[4] = static_cast<char>(type);
  return event.append(body);
}

TEST(Withheld, GivesEventsBackFromMemoryAndFromItsFile) {
  test::TemporaryFolder folder;
  struct Case {
    const char* what;
    size_t events, bytes;
  };
  for (const Case& c : {Case{"in memory", 3, 10}, Case{"some in a file", 90, 100'000},
                        Case{"one that is larger than memory's part", 1, Withheld::kMemoryBytes + 7},
                        Case{"empty bodies", 5, 0}}) {
    Withheld withheld(folder / "made");
    for (int round = 0; round < 2; ++round) {
      for (size_t i = 0; i < c.events; ++i) {
        std::string body(c.bytes, static_cast<char>('a' + i % 26));
        ASSERT_TRUE(withheld.add(100 * i, 100 * i + 50, event_of(EventType::TableMap, body), body));
      }
      withheld.open();
      for (size_t i = 0; i < c.events; ++i) {
        Arena arena;
        EventHeader header;
        ASSERT_TRUE(withheld.peek(header).value()) << c.what << ", event " << i;
        EXPECT_EQ(header.size, kHeaderBytes + c.bytes) << c.what;
        auto event = withheld.fetch(arena);
        ASSERT_TRUE(event) << c.what << ", event " << i << ": " << event.error().what;
        if (i % 2 == 1) {
          withheld.put_back(*event);
          arena = {};
          ASSERT_TRUE(withheld.peek(header).value());
          event = withheld.fetch(arena);
        }
        EXPECT_EQ(event->substr(kHeaderBytes), std::string(c.bytes, static_cast<char>('a' + i % 26)))
            << c.what;
        uint64_t begin = 0, end = 0;
        withheld.place(begin, end);
        EXPECT_EQ(begin, 100 * i) << c.what;
        EXPECT_EQ(end, 100 * i + 50) << c.what;
      }
      EventHeader header;
      EXPECT_FALSE(withheld.peek(header).value()) << c.what;
      withheld.drop();
      EXPECT_TRUE(withheld.is_empty());
    }
  }
}

TEST(Withheld, AFolderThatCannotBeMadeIsAFault) {
  Withheld withheld("/dev/null/here");
  std::string body(Withheld::kMemoryBytes, 'x');
  auto added = withheld.add(0, 1, event_of(EventType::TableMap, body), body);
  ASSERT_FALSE(added);
  EXPECT_NE(added.error().what.find("/dev/null/here"), std::string::npos) << added.error().what;
}

ReadResult read(const LogBuilder& log, bool whole) {
  ReadOptions options;
  options.batch_bytes = 1;
  options.each_event = true;
  options.whole = whole;
  return test::read_log({{"binlog.000001", log.file()}}, options);
}

// What was delivered is counted at its fault: nothing of a transaction without an end, or with a ROLLBACK.
TEST(Withheld, WhatNeverCommitsIsNeverShown) {
  LogBuilder rolled_back;
  rolled_back.gtid(1).begin().map().insert(LogBuilder::row(1, 1)).map().insert(LogBuilder::row(2, 2));
  rolled_back.query("ROLLBACK");
  rolled_back.gtid(2).begin().map().insert(LogBuilder::row(3, 3)).commit();
  EXPECT_NE(read(rolled_back, false).error, "") << "a part of it was handed over";
  ReadResult result = read(rolled_back, true);
  EXPECT_EQ(result.error, "");
  ASSERT_EQ(result.lines.size(), 1u);
  EXPECT_NE(result.lines[0].find("\"after\":{\"a\":3"), std::string::npos) << result.lines[0];

  LogBuilder cut;
  cut.gtid(1).begin().map().insert(LogBuilder::row(1, 1)).map().insert(LogBuilder::row(2, 2));
  EXPECT_EQ(read(cut, false).lines.size(), 2u);
  EXPECT_EQ(read(cut, true).lines.size(), 0u);
}

// The number of the engine's transaction stands behind its rows in the log.
TEST(Withheld, EachRowKnowsTheEndOfItsTransaction) {
  LogBuilder log;
  log.gtid(1).begin();
  for (uint32_t i = 0; i < 5; ++i) log.map().insert(LogBuilder::row(i, i));
  log.commit();
  std::vector<uint64_t> xids;
  ReadOptions options;
  options.batch_bytes = 1;
  options.whole = true;
  options.each = [&](const Batch& batch, const Change& change) {
    xids.push_back(batch.transactions[change.transaction].xid);
  };
  test::read_log({{"binlog.000001", log.file()}}, options);
  EXPECT_EQ(xids, std::vector<uint64_t>(5, 1));
}

}  // namespace
}  // namespace sluice::mysql
