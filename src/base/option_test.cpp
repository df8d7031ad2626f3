#include "base/option.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr Option kTable[] = {
    {"path", OptionKind::Text, "", "where to write", {}, true},
    {"count", OptionKind::Integer, "7", "how many"},
    {"limit", OptionKind::Size, "64MB", "how much"},
    {"pause", OptionKind::Duration, "3s", "how long"},
    {"sync", OptionKind::Boolean, "true", "whether"},
    {"image", OptionKind::Choice, "full", "which", "full|minimal|none"},
    {"with", OptionKind::List, "a,b", "more", "a|b|c"},
    {"tables", OptionKind::List, "", "which tables"},
    {"password", OptionKind::Secret, "", "the password"},
    {"port", OptionKind::Integer, "3306", "which port", {}, false, "PORT", 1, 65535},
    {"batch", OptionKind::Size, "1MiB", "how much", {}, false, {}, 4096, 64 << 20},
    {"patience", OptionKind::Duration, "1s", "how long", {}, false, {}, 1500},
};

TEST(Settings, AnswerWithTheirFallbackUntilSaidOtherwise) {
  Settings settings(kTable);
  EXPECT_FALSE(settings.given("path"));
  EXPECT_EQ(settings.text("path"), "");
  EXPECT_EQ(settings.integer("count"), 7u);
  EXPECT_EQ(settings.size("limit"), 64'000'000u);
  EXPECT_EQ(settings.duration("pause"), 3s);
  EXPECT_TRUE(settings.boolean("sync"));
  EXPECT_EQ(settings.text("image"), "full");
  EXPECT_EQ(settings.list("with"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(settings.list("tables").empty());
  EXPECT_TRUE(settings.secret("password").empty());

  ASSERT_TRUE(settings.set("path", {"out.jsonl"}, "sluice.yaml:1:2"));
  ASSERT_TRUE(settings.set("sync", {"off"}, "--sync"));
  ASSERT_TRUE(settings.set("with", {}, "--with"));
  ASSERT_TRUE(settings.set("password", {"geheim"}, "--password"));
  ASSERT_TRUE(settings.set("count", {"1"}, "--count"));
  ASSERT_TRUE(settings.set("count", {"2"}, "--count"));
  EXPECT_TRUE(settings.given("path"));
  EXPECT_EQ(settings.where("path"), "sluice.yaml:1:2");
  EXPECT_EQ(settings.text("path"), "out.jsonl");
  EXPECT_FALSE(settings.boolean("sync"));
  EXPECT_TRUE(settings.list("with").empty());
  EXPECT_EQ(settings.secret("password").reveal(), "geheim");
  EXPECT_EQ(settings.integer("count"), 2u);
}

struct Refusal {
  std::string name;
  std::vector<std::string> values;
  std::string where;
  std::string message;
};

TEST(Settings, RefuseWithPlaceValueAndWhatWasExpected) {
  const Refusal cases[] = {
      {"count", {"many"}, "c.yaml:3:4", "c.yaml:3:4: count: 'many' is not a whole number, such as 3"},
      {"count", {"-1"}, "--count", "--count: '-1' is not a whole number, such as 3"},
      {"count",
       {"99999999999999999999"},
       "--count",
       "--count: '99999999999999999999' is not a whole number, such as 3"},
      {"count", {""}, "--count", "--count: '' is not a whole number, such as 3"},
      {"limit", {"64 MB"}, "--limit", "--limit: '64 MB' is not a size, such as 4096, 64MB or 1GiB"},
      {"pause", {"3"}, "--pause", "--pause: '3' is not a duration, such as 500ms, 3s, 10m, 1h or 7d"},
      {"sync", {"maybe"}, "c.yaml:1:1", "c.yaml:1:1: sync: 'maybe' is not true or false"},
      {"image",
       {"minimla"},
       "--image",
       "--image: 'minimla' is not known (did you mean 'minimal'?); expected one of full, minimal, none"},
      {"with", {"a", "source"}, "--with", "--with: 'source' is not known; expected one of a, b, c"},
      {"path", {"a", "b"}, "c.yaml:1:1", "c.yaml:1:1: path: expected one value, a text"},
      {"pasword", {"geheim"}, "c.yaml:9:1", "c.yaml:9:1: 'pasword' is not known; did you mean 'password'?"},
      {"xyz",
       {"1"},
       "c.yaml:9:1",
       "c.yaml:9:1: 'xyz' is not known; expected one of path, count, limit, pause, sync, image, with, "
       "tables, "
       "password, port, batch, patience"},
  };
  for (const Refusal& c : cases) {
    Settings settings(kTable);
    auto result = settings.set(c.name, c.values, c.where);
    ASSERT_FALSE(result) << c.name << " was taken";
    EXPECT_EQ(result.error().what, c.message);
    EXPECT_EQ(result.error().fault, Fault::Usage) << c.name;
    EXPECT_FALSE(settings.given(c.name)) << c.name;
  }
}

TEST(Settings, NameTheRequiredOptionThatIsMissing) {
  Settings settings(kTable);
  auto result = settings.finish("c.yaml:2:1");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().what, "c.yaml:2:1: 'path' is missing: where to write");
  ASSERT_TRUE(settings.set("path", {"x"}, ""));
  EXPECT_TRUE(settings.finish("c.yaml:2:1"));
}

TEST(Settings, DieOnAskingForWhatTheTableDoesNotHave) {
  Settings settings(kTable);
  EXPECT_DEATH(settings.text("nothing"), "");
  EXPECT_DEATH(settings.integer("path"), "");
}

TEST(Option, SizesHaveDecimalAndBinaryUnits) {
  const std::pair<const char*, uint64_t> good[] = {
      {"0", 0},           {"4096", 4096},      {"1B", 1}, {"1kB", 1000}, {"64MB", 64'000'000},
      {"1GiB", 1u << 30}, {"2tib", 2ull << 40}};
  for (auto [text, bytes] : good) EXPECT_EQ(parse_size(text).value_or(~0ull), bytes) << text;
  for (const char* text : {"", "MB", "-1", "1.5GB", "1 GB", "1XB", "9223372036854775808", "9999999TiB"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(Option, DurationsNeedAUnit) {
  const std::pair<const char*, std::chrono::milliseconds> good[] = {
      {"0", 0ms}, {"500ms", 500ms}, {"3s", 3s}, {"10m", 10min}, {"1h", 1h}, {"7d", 168h}};
  for (auto [text, time] : good) EXPECT_EQ(parse_duration(text).value_or(-1ms), time) << text;
  for (const char* text : {"", "3", "s", "1w", "-1s", "99999999999999d"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Option, NearestForgivesAThirdOfTheLetters) {
  const std::vector<std::string> known = {"tables", "format", "batch_bytes", "from"};
  const std::pair<const char*, const char*> cases[] = {{"table", "tables"},
                                                       {"tabels", "tables"},
                                                       {"Format", "format"},
                                                       {"batch-byte", "batch_bytes"},
                                                       {"form", "from"},
                                                       {"elephant", ""},
                                                       {"", ""},
                                                       {"x", ""}};
  for (auto [word, expected] : cases) EXPECT_EQ(nearest(word, known), expected) << word;
}

TEST(Option, PlaceholdersSayWhatAValueLooksLike) {
  const std::pair<const char*, const char*> expected[] = {
      {"path", "TEXT"},  {"count", "N"},     {"limit", "SIZE"},
      {"pause", "TIME"}, {"sync", ""},       {"image", "full|minimal|none"},
      {"with", "a,b,c"}, {"tables", "LIST"}, {"password", "TEXT"},
      {"port", "PORT"},  {"batch", "SIZE"},  {"patience", "TIME"}};
  for (size_t i = 0; i < std::size(kTable); ++i) {
    EXPECT_EQ(kTable[i].name, expected[i].first);
    EXPECT_EQ(placeholder(kTable[i]), expected[i].second) << kTable[i].name;
  }
}

}  // namespace
}  // namespace sluice
