#include "format/address.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

std::string unhex(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

std::string spelt(char* (*spell)(char*, std::string_view), std::string_view hex) {
  char out[kAddressBytes];
  return {out, spell(out, unhex(hex))};
}

// From MariaDB 11.8: hex(v), cast(v as char).
TEST(Address, SaysWhatTheServerSays) {
  struct Case {
    const char *hex, *text;
  };
  const Case inet6[] = {
      {"00000000000000000000000000000000", "::"},
      {"00000000000000000000000000000001", "::1"},
      {"00000000000000000000ffff00000000", "::ffff:0.0.0.0"},
      {"00000000000000000000000001020304", "::1.2.3.4"},
      {"00000000000000000000ffff01020304", "::ffff:1.2.3.4"},
      {"00000000000000000000ffffffffffff", "::ffff:255.255.255.255"},
      {"00010000000000000000000000000000", "1::"},
      {"00010000000200000000000300000000", "1:0:2::3:0:0"},
      {"00010000000000020000000000030004", "1::2:0:0:3:4"},
      {"00010000000200030004000500060007", "1::2:3:4:5:6:7"},
      {"00000000000100000000000000000000", "0:0:1::"},
      {"fe800000000000000001000200030004", "fe80::1:2:3:4"},
      {"20010db8000000000000ff0000428329", "2001:db8::ff00:42:8329"},
      {"00010002000300040005000600070008", "1:2:3:4:5:6:7:8"},
      {"00000001000200030004000500060000", "::1:2:3:4:5:6:0"},
      {"0000000000000000000000000000ffff", "::ffff"},
      {"00000000000000000000000000010000", "::0.1.0.0"},
      {"0000000000000000ffff000001020304", "::ffff:0:102:304"},
      {"00010002000300040005000600000000", "1:2:3:4:5:6::"},
      {"00000000000000000000fffe00010002", "::fffe:1:2"},
      {"abcdef0123456789abcdef0123456789", "abcd:ef01:2345:6789:abcd:ef01:2345:6789"},
      {"00000000000000000001000000000000", "::1:0:0:0"},
      {"000000007d6200000000000000006477", "0:0:7d62::6477"},
      {"0000d88431240000e4680000da539b5f", "::d884:3124:0:e468:0:da53:9b5f"},
      {"0000cbeb0000032b0000000000000000", "0:cbeb:0:32b::"},
  };
  for (const Case& c : inet6) EXPECT_EQ(spelt(spell_inet6, c.hex), c.text) << c.hex;
  EXPECT_EQ(spelt(spell_uuid, "00112233445566778899aabbccddeeff"), "00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(spelt(spell_inet4, "0114ff00"), "1.20.255.0");
  EXPECT_EQ(spelt(spell_inet4, "0963640a"), "9.99.100.10");
}

TEST(Address, BytesOfTheWrongNumberDoNoHarm) {
  EXPECT_EQ(spelt(spell_inet4, "7f"), "127.0.0.0");
  EXPECT_EQ(spelt(spell_inet4, "7f00000102"), "127.0.0.1");
  EXPECT_EQ(spelt(spell_uuid, ""), "00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(spelt(spell_inet6, "2001"), "2001::");
}

}  // namespace
}  // namespace sluice
