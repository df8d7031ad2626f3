#include "source/mysql/dump_request.h"

#include <gtest/gtest.h>

namespace sluice::mysql {
namespace {

std::string hex(std::string_view bytes) {
  std::string text;
  for (unsigned char c : bytes) text += fmt::format("{:02x}", c);
  return text;
}

GtidSet gtids(const char* text) {
  Result<GtidSet> set = GtidSet::parse(text);
  EXPECT_TRUE(set) << text;
  return set ? *set : GtidSet();
}

constexpr char kUuid[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
constexpr char kUuidHex[] = "3e11fa4771ca11e19e33c80aa9429562";

TEST(DumpRequest, Register) {
  EXPECT_EQ(hex(register_request(0x01020304, "box")),
            "0403020103626f78"
            "0000"
            "0000"
            "00000000"
            "00000000");
  EXPECT_EQ(register_request(1, std::string(300, 'x')).size(), 4 + 1 + 60 + 1 + 1 + 2 + 4 + 4u);
}

TEST(DumpRequest, FileAndOffset) {
  DumpRequest request{.server_id = 7, .file = "bin.000001", .offset = 0x1234};
  EXPECT_EQ(hex(dump_request(request)),
            "341200000000070000006269"
            "6e2e303030303031");
  request.until_now = true;
  request.statements = true;
  EXPECT_EQ(hex(dump_request(request)).substr(8, 4), "0300");
}

TEST(DumpRequest, Gtids) {
  DumpRequest request{.server_id = 7};
  EXPECT_EQ(hex(gtid_dump_request(request, GtidSet())),
            "0400"
            "07000000"
            "00000000"
            "0400000000000000"
            "08000000"
            "0000000000000000");
  request.until_now = true;
  request.file = "b";
  EXPECT_EQ(hex(gtid_dump_request(request, GtidSet())),
            "0500"
            "07000000"
            "01000000"
            "62"
            "0400000000000000"
            "08000000"
            "0000000000000000");
}

TEST(DumpRequest, GtidSets) {
  EXPECT_EQ(hex(encode_gtids(gtids((std::string(kUuid) + ":1-5:7").c_str()))),
            std::string("0100000000000000") + kUuidHex + "0200000000000000" + "0100000000000000" +
                "0600000000000000" + "0700000000000000" + "0800000000000000");
  // One entry for the part without a tag, one for each tag.
  EXPECT_EQ(hex(encode_gtids(gtids((std::string(kUuid) + ":1:ab:3-4").c_str()))),
            std::string("0102000000000001") + kUuidHex + "00" + "0100000000000000" + "0100000000000000" +
                "0200000000000000" + kUuidHex + "046162" + "0100000000000000" + "0300000000000000" +
                "0500000000000000");
}

TEST(DumpRequest, SemiSyncAck) { EXPECT_EQ(hex(semi_sync_ack("b.1", 258)), "0201000000000000622e31"); }

}  // namespace
}  // namespace sluice::mysql
