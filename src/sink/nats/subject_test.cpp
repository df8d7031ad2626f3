#include "sink/nats/subject.h"

#include <gtest/gtest.h>

namespace sluice::nats {
namespace {

TEST(NatsSubject, APlaceIsOneToken) {
  const std::pair<std::string, const char*> cases[] = {
      {"orders", "orders"},
      {"", "%"},
      {"a.b", "a%2Eb"},
      {"50% *>", "50%25%20%2A%3E"},
      {std::string("\r\n\0\x7f\t", 5), "%0D%0A%00%7F%09"},
      {"größe$_-", "größe$_-"},
  };
  for (const auto& [name, expected] : cases) {
    Bytes out;
    out.append("shop.");
    escape_token(out, 5);
    EXPECT_EQ(out.view(), "shop.%");
    out.truncate(5);
    out.append(name);
    escape_token(out, 5);
    EXPECT_EQ(out.view(), std::string("shop.") + expected) << name;
    EXPECT_EQ(fault_of(out.view()), "") << name;
  }
}

TEST(NatsSubject, OfTheServersOwnIsNone) {
  std::string out;
  escape_subject("$JS.API.STREAM.DELETE.shop", out);
  EXPECT_EQ(out, "%24JS.API.STREAM.DELETE.shop");
  escape_subject("shop.$x", out);
  EXPECT_EQ(out, "shop.$x");
}

TEST(NatsSubject, ThatIsNoneIsTold) {
  for (std::string subject : {"", ".a", "a.", "a..b", "a b", "a.*", "a.>", "a\n", "a\x7f"}) {
    EXPECT_NE(fault_of(subject), "") << subject;
  }
  EXPECT_NE(fault_of(std::string(2049, 'a')), "");
  EXPECT_EQ(fault_of(std::string(2048, 'a')), "");
}

TEST(NatsSubject, ATemplateIsAWildcard) {
  const std::pair<const char*, const char*> cases[] = {
      {"shop", "shop"},          {"{database}.{table}", "*.*"},  {"cdc.{table}.{op}", "cdc.*.*"},
      {"a-{table}-b.c", "*.c"},  {"{database}{table}.x", "*.x"}, {"{{x}}.y", "{x}.y"},
      {"{time:%Y.%m}.z", "*.z"}, {"x.{column:a.b}", "x.*"},
  };
  for (auto [text, expected] : cases) EXPECT_EQ(wildcard_of(text), expected) << text;
}

}  // namespace
}  // namespace sluice::nats
