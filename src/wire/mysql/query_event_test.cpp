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

TEST(QueryEvent, UnknownAndCutStatusVariables) {
  EXPECT_EQ(read_query_event(body("\x55\4\x2d\0\x2d\0\x08\0"s, "d\0x"s))->client_collation, 0u);
  EXPECT_EQ(read_query_event(body("\4\x2d"s, "d\0x"s))->sql, "x");
  for (size_t size = 0; size < 15; ++size) {
    EXPECT_FALSE(read_query_event(body("\0\1"s, "d\0"s).substr(0, size)).has_value()) << size;
  }
}

}  // namespace
}  // namespace sluice::mysql
