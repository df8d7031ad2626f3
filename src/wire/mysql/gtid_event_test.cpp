#include "wire/mysql/gtid_event.h"

#include <gtest/gtest.h>

namespace sluice::mysql {
namespace {

using namespace std::string_literals;

const std::string kUuid = "\x11\x11\x11\x11\x22\x22\x33\x33\x44\x44\x55\x55\x55\x55\x55\x55"s;

GtidEvent read(EventType type, const std::string& body) {
  EventHeader header{};
  header.type = type;
  header.server_id = 101;
  auto event = read_gtid_event(header, body);
  EXPECT_TRUE(event.has_value()) << event.error().what;
  return event.value_or(GtidEvent{});
}

std::string fault(EventType type, const std::string& body) {
  EventHeader header{};
  header.type = type;
  auto event = read_gtid_event(header, body);
  return event ? "" : event.error().what;
}

TEST(GtidEvent, OldAndNewForms) {
  std::string number = "\5\0\0\0\0\0\0\0"s;
  EXPECT_EQ(read(EventType::Gtid, "\1"s + kUuid + number).text(), "11111111-2222-3333-4444-555555555555:5");
  // 8.0: the commit time in the low 55 bits, the flag of a second one above them.
  std::string clock = "\2"s + std::string(16, '\0');
  EXPECT_EQ(read(EventType::Gtid, "\1"s + kUuid + number + clock + "\1\2\3\4\5\6\x87"s).commit_us,
            0x07060504030201u);
  EXPECT_TRUE(read(EventType::AnonymousGtid, "\1"s + std::string(24, '\0')).text().empty());
  EXPECT_EQ(read(EventType::MariaDbGtid, "\7\0\0\0\0\0\0\0\3\0\0\0\1"s).text(), "3-101-7");
  EXPECT_TRUE(read(EventType::MariaDbGtid, "\7\0\0\0\0\0\0\0\3\0\0\0\1"s).standalone);
  std::string xa = "\1\0\0\0\3\1oneb"s;
  GtidEvent prepares = read(EventType::MariaDbGtid, "\7\0\0\0\0\0\0\0\3\0\0\0\x40"s + xa);
  EXPECT_EQ(prepares.prepares_xa, "X'6f6e65',X'62',1");
  EXPECT_FALSE(prepares.completes_xa);
  std::string group = "\7\0\0\0\0\0\0\0\3\0\0\0\x82"s + std::string(8, '\xff');
  GtidEvent completes = read(EventType::MariaDbGtid, group + xa + "\2"s);
  EXPECT_EQ(completes.prepares_xa, "");
  EXPECT_TRUE(completes.completes_xa);
  EXPECT_TRUE(completes.alter_without_effect) << "what stands behind the name";
}

TEST(GtidEvent, ImpossibleNumbers) {
  for (const std::string& number : {std::string(8, '\0'), std::string(8, '\xff'), "\0\0\0\0\0\0\0\x80"s}) {
    EXPECT_NE(fault(EventType::Gtid, "\1"s + kUuid + number).find("impossible number"), std::string::npos);
  }
  for (size_t size = 0; size < 25; ++size) {
    EXPECT_NE(fault(EventType::Gtid, std::string(size, '\1')), "") << size;
  }
  EXPECT_NE(fault(EventType::MariaDbGtid, std::string(12, '\1')), "");
  EXPECT_NE(fault(EventType::GtidTagged, ""), "");
}

TEST(GtidEvent, ListsThatClaimTooMuch) {
  for (const std::string& body :
       {"\xff\xff\xff\xff\xff\xff\xff\0"s, "\1\0\0\0\0\0\0\0"s + kUuid + "\xff\xff\xff\xff\xff\xff\xff\xff"s,
        "\1\0\0\0\0\0\0\0"s + kUuid + "\1\0\0\0\0\0\0\0"s + "\5\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0"s,
        "\1\0\0\0\0\0\0\0"s + kUuid + "\1\0\0\0\0\0\0\0"s +
            "\5\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"s}) {
    EXPECT_FALSE(read_gtid_list(EventType::PreviousGtids, body).has_value()) << body.size();
  }
  std::string tagged = "\1\1\0\0\0\0\0\1"s + kUuid,
              interval = "\1\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0\6\0\0\0\0\0\0\0"s;
  EXPECT_TRUE(read_gtid_list(EventType::PreviousGtids, tagged + "\6t_1"s + interval).has_value());
  EXPECT_FALSE(read_gtid_list(EventType::PreviousGtids, tagged + "\6T_1"s + interval).has_value());
  EXPECT_FALSE(read_gtid_list(EventType::PreviousGtids, tagged + "\0061t_"s + interval).has_value());
  EXPECT_FALSE(read_gtid_list(EventType::MariaDbGtidList, "\xff\xff\xff\x0f"s).has_value());
}

}  // namespace
}  // namespace sluice::mysql
