#include "sink/file/file_path.h"

#include <gtest/gtest.h>

namespace sluice::file {
namespace {

std::string place(std::string_view text) {
  Bytes out;
  out.append("before/");
  escape_place(out, 7);
  out.truncate(7);
  out.append(text);
  escape_place(out, 7);
  return std::string(out.view().substr(7));
}

std::string whole(std::string_view path) {
  std::string out;
  escape_path(path, out);
  return out;
}

TEST(FilePath, NothingThatFillsAPlaceLeavesIt) {
  const std::pair<std::string, std::string> cases[] = {
      {"orders", "orders"},
      {"Orders", "Orders"},
      {"with space", "with space"},
      {"quo\"te'`", "quo\"te'`"},
      {"😀", "😀"},
      {"../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"},
      {"..", "%2E."},
      {".", "%2E"},
      {".hidden", "%2Ehidden"},
      {"a.b", "a.b"},
      {"/", "%2F"},
      {"50%", "50%25"},
      {"%2F", "%252F"},
      {std::string("a\0b", 3), "a%00b"},
      {"new\nline\x7f", "new%0Aline%7F"},
      {"", "%"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(place(text), expected);
}

TEST(FilePath, LongNamesAreCutAndKeepTheirExtension) {
  std::string long_name(300, 'x'), other = long_name.substr(1) + "y";
  EXPECT_EQ(whole("/data/shop/orders.jsonl"), "/data/shop/orders.jsonl");
  EXPECT_EQ(whole("a/" + std::string(kMostName, 'x') + "/b"), "a/" + std::string(kMostName, 'x') + "/b");
  std::string one = whole("/data/" + long_name + ".jsonl"), two = whole("/data/" + other + ".jsonl");
  EXPECT_EQ(one.size(), 6 + kMostName);
  EXPECT_TRUE(one.starts_with("/data/xxx") && one.ends_with(".jsonl") && one[one.size() - 15] == '~') << one;
  EXPECT_NE(one, two);
  EXPECT_EQ(whole(long_name + "/t").size(), kMostName + 2);
  std::string emojis;
  for (int i = 0; i < 75; ++i) emojis += "😀";
  std::string cut = whole(emojis);
  EXPECT_LE(cut.size(), kMostName);
  EXPECT_EQ((cut.size() - 9) % 4, 0U) << "a character was cut in two: " << cut;
}

TEST(FilePath, FoldersInFrontOfTheFirstPlace) {
  EXPECT_EQ(fixed_folder("/data/{database}/{table}.jsonl"), "/data/");
  EXPECT_EQ(fixed_folder("/data/x-{table}.jsonl"), "/data/");
  EXPECT_EQ(fixed_folder("{table}.jsonl"), "");
  EXPECT_EQ(without_braces("a{{b}}c{d"), "a{b}c{d");
}

}  // namespace
}  // namespace sluice::file
