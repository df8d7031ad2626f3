#include "sink/rabbitmq/declaration.h"

#include <gtest/gtest.h>

namespace sluice::rabbitmq {
namespace {

std::string shown(const Declaration& made) {
  constexpr const char* kWhat[] = {"exchange", "queue", "binding"};
  std::string text =
      fmt::format("{} {}|{}|{}|{}|{}{}", kWhat[static_cast<int>(made.what)], made.name, made.type,
                  made.exchange, made.key, made.durable ? "D" : "", made.auto_delete ? "A" : "");
  for (const auto& [name, value] : made.arguments) {
    text += fmt::format(" {}=", name);
    if (const bool* yes = std::get_if<bool>(&value)) text += *yes ? "b:true" : "b:false";
    if (const int64_t* number = std::get_if<int64_t>(&value)) text += fmt::format("i:{}", *number);
    if (const std::string* word = std::get_if<std::string>(&value)) text += "s:" + *word;
  }
  return text;
}

TEST(RabbitmqDeclaration, IsReadFromALine) {
  const std::pair<const char*, const char*> cases[] = {
      {"exchange shop topic", "exchange shop|topic|||D"},
      {"exchange  shop\theaders transient auto_delete", "exchange shop|headers|||A"},
      {"exchange delay x-delayed-message x-delayed-type=direct",
       "exchange delay|x-delayed-message|||D x-delayed-type=s:direct"},
      {"queue q x-message-ttl=10000 x-single-active-consumer=true x-queue-type=quorum",
       "queue q||||D x-message-ttl=i:10000 x-single-active-consumer=b:true x-queue-type=s:quorum"},
      {"queue 'a b=c' x-max-length=-5", "queue a b=c||||D x-max-length=i:-5"},
      {"bind q to shop by a.*.#", "binding q||shop|a.*.#|D"},
      {"bind q to shop x-match=all kind='7' size=\"two words\" empty=",
       "binding q||shop||D x-match=s:all kind=s:7 size=s:two words empty=s:"},
      {"bind q to shop by '' x=12345678901234567890", "binding q||shop||D x=s:12345678901234567890"},
  };
  for (auto [line, expected] : cases) {
    auto parsed = Declaration::parse(line);
    ASSERT_TRUE(parsed) << line << ": " << parsed.error().what;
    EXPECT_EQ(shown(*parsed), expected) << line;
  }
}

TEST(RabbitmqDeclaration, SaysWhatItExpects) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "expected exchange NAME TYPE"},
      {"exchange shop", "expected exchange NAME TYPE"},
      {"exchange '' topic", "a name is expected"},
      {"bind q shop", "expected exchange NAME TYPE"},
      {"bind q to shop by", "a routing key is expected"},
      {"bind q to shop transient", "'transient' is not known"},
      {"queue q \"x", "the quote \" is not closed"},
      {"queue " + std::string(256, 'q'), "is longer than 255 bytes"},
      {"queue q x=" + std::string(3000, 'v'), "its arguments take more than"},
  };
  for (const auto& [line, expected] : cases) {
    auto parsed = Declaration::parse(line);
    ASSERT_FALSE(parsed) << line;
    EXPECT_EQ(parsed.error().fault, Fault::Usage) << line;
    EXPECT_NE(parsed.error().what.find(expected), std::string::npos) << line << ": " << parsed.error().what;
  }
}

}  // namespace
}  // namespace sluice::rabbitmq
