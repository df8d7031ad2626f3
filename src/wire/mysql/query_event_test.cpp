#include "wire/mysql/query_event.h"

#include <gtest/gtest.h>

namespace sluice::mysql {
namespace {

using namespace std::string_literals;

std::string body(const std::string& status, const std::string& rest) {
  return "\7\0\0\0\0\0\0\0\1\0\0"s + static_cast<char>(status.size()) + "\0"s + status + rest;
}

TEST(QueryEvent, StatusVariablesUpToTheCharacterSets) {
  std::string status = "\0\1\2\3\4"s + "\1\0\0\x20\0\0\0\0\0"s + "\6\3std"s + "\3\1\0\1\0"s +
                       "\4\x2d\0\x2d\0\x08\0"s + "\x80\1\2\3"s;
  std::string bytes = body(status, "d\0create table t (a int)"s);
  auto event = read_query_event(bytes);
  ASSERT_TRUE(event.has_value()) << event.error().what;
  EXPECT_EQ(event->thread_id, 7u);
  EXPECT_EQ(event->sql_mode, 0x200000u);
  EXPECT_EQ(event->client_collation, 45u);
  EXPECT_EQ(event->server_collation, 8u);
  EXPECT_EQ(event->database, "d");
  EXPECT_EQ(event->sql, "create table t (a int)");
}

// As MySQL 9.7 wrote them, and the rarer ones in their places.
TEST(QueryEvent, TellsWhetherTimestampsSayThemselvesWhatTheyAre) {
  std::string before = "\0\0\0\0\0\1\x20\0\xa0\x45\0\0\0\0\6\3std\4\x21\0\x21\0\xff\0"s;
  std::string rare =
      "\5\6+05:00\7\4\0\x8\x2d\0\x9\1\0\0\0\0\0\0\0\xa\1\0\0\0\xb\1u\1h\xc\2one\0two\0\xd\1\2\3"s;
  std::string after = "\x11\x44\1\0\0\0\0\0\0\x12\xff\0\x13\0"s;
  auto told = [&](const std::string& status) {
    return read_query_event(body(status, "d\0create table t (a timestamp)"s))->explicit_timestamp;
  };
  EXPECT_EQ(told(before +
                 "\7\4\0\xc\1"
                 "c3x\0\x10\0"s +
                 after),
            false);
  EXPECT_EQ(told(before +
                 "\7\4\0\xc\1"
                 "c3x\0\x10\1"s +
                 after),
            true);
  EXPECT_EQ(told(before + rare + "\x10\0"s + after), false);
  EXPECT_EQ(told(before + "\xc\xfe\x10\1"s), true);
  EXPECT_EQ(told(before + after), std::nullopt);
  std::string whole = before + rare + "\x10\0"s;
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(told(whole.substr(0, size)), std::nullopt) << size;
}

// As MariaDB 11.8 wrote them: the collations of character sets stand before the client's.
TEST(QueryEvent, MariaDbCollationsOfCharacterSets) {
  std::string status = "\0\0\0\0\0\1\0\0\0\0\0\0\0\0\6\3std"s +
                       "\x83\5\x21\0\0\x08\x23\0\0\x0a\x2d\0\0\x09\x36\0\0\x0b\x3c\0\0\x0c"s +
                       "\x04\x0d\0\x0d\0\0\x09\x81\6\0\0\0\0\0\0\0"s;
  std::string bytes = body(status, "d\0create table `\x95\x5c` (a int)"s);
  auto event = read_query_event(bytes);
  ASSERT_TRUE(event.has_value()) << event.error().what;
  EXPECT_EQ(event->client_collation, 13u);
  EXPECT_EQ(event->server_collation, 0x900u);
  EXPECT_EQ(to_utf8(*event, event->sql), "create table `表` (a int)");
  std::string rare = "\x80\1\2\3\x81\6\0\0\0\0\0\0\0\4\x0d\0\x0d\0\0\x09"s;
  EXPECT_EQ(read_query_event(body(rare, "d\0x"s))->client_collation, 13u);
}

// Each of them would be a statement that is passed over, with a schema change in it.
TEST(QueryEvent, LengthsThatLie) {
  std::string sound = body("\1\0\0\x20\0\0\0\0\0"s, "shop\0create table t (a int)"s);
  sound[8] = 4;
  ASSERT_TRUE(read_query_event(sound).has_value());
  for (size_t at : {8, 11}) {  // of the database, of the status variables
    for (int lie = 0; lie < 256; ++lie) {
      std::string bytes = sound;
      bytes[at] = static_cast<char>(lie);
      if (bytes == sound) continue;
      EXPECT_FALSE(read_query_event(bytes).has_value()) << at << ": " << lie;
    }
  }
}

TEST(QueryEvent, UnknownAndCutStatusVariables) {
  EXPECT_EQ(read_query_event(body("\x55\4\x2d\0\x2d\0\x08\0"s, "d\0x"s))->client_collation, 0u);
  EXPECT_EQ(read_query_event(body("\4\x2d"s, "d\0x"s))->sql, "x");
  for (size_t size = 0; size < 15; ++size) {
    EXPECT_FALSE(read_query_event(body("\0\1"s, "d\0"s).substr(0, size)).has_value()) << size;
  }
}

}  // namespace
}  // namespace sluice::mysql
