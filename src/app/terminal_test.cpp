#include "app/terminal.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "app/connection.h"
#include "app/json_object.h"
#include "app/progress_bar.h"

namespace sluice::app {
namespace {

TEST(Wrap, BreaksAtSpacesAndIndents) {
  EXPECT_EQ(wrap("one two three", 0, 80), "one two three");
  EXPECT_EQ(wrap("one two three", 0, 7), "one two\nthree");
  EXPECT_EQ(wrap("one two three", 2, 9), "one two\n  three");
  EXPECT_EQ(wrap("averylongword two", 0, 5), "averylongword\ntwo");
  EXPECT_EQ(wrap("", 4, 10), "");
}

TEST(Look, PaintsOnlyWhereColoursAreWanted) {
  EXPECT_EQ(Look().red("no"), "no");
  EXPECT_EQ(Look{.colours = true}.red("yes"), "\x1b[31myes\x1b[0m");
}

TEST(ProgressBar, TellsHowMuchHowFastAndHowLong) {
  EXPECT_EQ(ProgressBar::line({50'000'000, 200'000'000, "", 1234}, 75e6, 100),
            "[======>                 ]  25% of 200.0 MB, 75.0 MB/s, 1234 changes, 0:02 left");
  EXPECT_EQ(ProgressBar::line({200'000'000, 200'000'000, "", 9}, 75e6, 100),
            "[========================] 100% of 200.0 MB, 75.0 MB/s, 9 changes, 0:00 left");
  EXPECT_EQ(ProgressBar::line({0, 7'200'000'000, "", 0}, 1e6, 200),
            "[>                       ]   0% of 7200.0 MB, 1.0 MB/s, 0 changes, 2:00:00 left");
  EXPECT_EQ(ProgressBar::line({1'500'000, 0, "-", 7}, 1e6, 100), "1.5 MB, 1.0 MB/s, 7 changes  -");
  EXPECT_EQ(ProgressBar::line({1'500'000, 0, "-", 7}, 0, 10), "1.5 MB, 0.");
}

TEST(JsonObject, SpellsEveryByteOfAText) {
  EXPECT_EQ(JsonObject().str(), "{}");
  JsonObject inner;
  inner.number("n", -1).boolean("yes", true).number("rate", 0.25);
  JsonObject json;
  json.text("a\"b", "x\\y\nz\x01\xc3\xa4").object("inner", inner).list("all", {inner, JsonObject()});
  EXPECT_EQ(json.str(),
            "{\"a\\\"b\":\"x\\\\y\\nz\\u0001\xc3\xa4\",\"inner\":{\"n\":-1,\"yes\":true,\"rate\":0.2},"
            "\"all\":[{\"n\":-1,\"yes\":true,\"rate\":0.2},{}]}");
}

TEST(ScrubArguments, TakesPasswordsOutOfUrls) {
  const std::pair<const char*, const char*> cases[] = {
      {"mysql://root:geheim@127.0.0.1:3306/", "mysql://root@127.0.0.1:3306/"},
      {"mysql://root:@h/", "mysql://root@h/"},
      {"mysql://root:g@e:h@h:3306/x?tls=off", "mysql://root@h:3306/x?tls=off"},
      {"--schema-from=mysql://root:geheim@h/", "--schema-from=mysql://root@h/"},
      {"mariadb://root:geheim@h", "mariadb://root@h"},
      {"mysql://root@h:3306/", "mysql://root@h:3306/"},
      {"mysql://h:3306/a@b:c@d", "mysql://h:3306/a@b:c@d"},
      {"root:geheim@h", "root:geheim@h"},
      {"", ""},
  };
  for (auto [given, expected] : cases) {
    std::string word(given);
    size_t size = word.size();
    char* argv[] = {nullptr, word.data()};
    scrub_arguments(2, argv);
    EXPECT_STREQ(word.c_str(), expected);
    EXPECT_EQ(word.find("geheim", std::strlen(expected)), word.npos) << "left behind the end of " << given;
    EXPECT_EQ(word.size(), size);
  }
}

}  // namespace
}  // namespace sluice::app
