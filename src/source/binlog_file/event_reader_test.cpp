#include "source/binlog_file/event_reader.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <random>

#include "support/folder.h"
#include "wire/mysql/event.h"

namespace sluice::binlog_file {
namespace {

std::string make_event(uint8_t type, size_t size, unsigned filling) {
  std::string event(size, static_cast<char>(filling));
  auto length = static_cast<uint32_t>(size);
  event[4] = static_cast<char>(type);
  std::memcpy(event.data() + 9, &length, 4);
  return event;
}

class EventReaderTest : public testing::TestWithParam<uint32_t> {};

// Batches end at random events, some of which come again in the next one; events are larger than a chunk, or
// end with it.
TEST_P(EventReaderTest, GivesEveryEventOnceAndWhole) {
  std::mt19937 random(GetParam());
  std::vector<std::string> events{make_event(15, 120, 1)};
  for (unsigned i = 0; i < 300; ++i) {
    size_t most = random() % 20 == 0 ? 300'000 : random() % 3 == 0 ? 30'000 : 200;
    events.push_back(make_event(30, mysql::kHeaderBytes + random() % most, i));
  }
  test::TemporaryFolder folder;
  std::string path = folder / "log";
  uint64_t size = kMagic.size();
  {
    std::ofstream file(path, std::ios::binary);
    file << kMagic;
    for (const std::string& event : events) {
      file << event;
      size += event.size();
    }
  }
  std::atomic<bool> interrupted{false};
  EventReader reader(interrupted);
  ASSERT_TRUE(reader.open({path, "log", size, true}));
  Arena arena;
  std::vector<std::string_view> held;
  size_t next = 0;
  for (;;) {
    std::string_view event;
    bool reuse = held.empty();
    auto state = reader.next(arena, reuse, event);
    ASSERT_TRUE(state) << state.error().what;
    if (*state == EventReader::State::End) break;
    ASSERT_LT(next, events.size());
    EXPECT_EQ(*state == EventReader::State::FirstEvent, next == 0);
    ASSERT_EQ(event, events[next]) << "event " << next << " seed " << GetParam();
    unsigned choice = random() % 12;
    if (choice == 0) {
      reader.put_back();
    } else {
      ++next;
      if (choice > 4) held.push_back(event);
    }
    if (choice <= 1) {
      for (size_t i = 0; i < held.size(); ++i) EXPECT_EQ(held[i].substr(0, 4), std::string(4, held[i][0]));
      reader.leave_arena();
      arena.reset();
      held.clear();
    }
  }
  EXPECT_EQ(next, events.size());
  EXPECT_EQ(reader.offset(), size);
  EXPECT_EQ(reader.bytes_read(), size);
}

INSTANTIATE_TEST_SUITE_P(Seeds, EventReaderTest, testing::Range(1u, 20u));

TEST(LogFiles, AreOrderedByTheirNumbers) {
  EXPECT_TRUE(comes_before("bin.999999", "bin.1000000"));
  EXPECT_TRUE(comes_before("bin.000002", "bin.000010"));
  EXPECT_FALSE(comes_before("bin.000010", "bin.000010"));
  EXPECT_FALSE(comes_before("bin.1000000", "bin.0999999"));
  EXPECT_EQ(split("relay-bin.000001").base, "relay-bin");
  EXPECT_EQ(split("relay-bin.000001").number, "000001");
  EXPECT_EQ(split("notes.2026").number, "");
  EXPECT_EQ(split("binlog").base, "binlog");
}

}  // namespace
}  // namespace sluice::binlog_file
