#include "app/pretty_encoder.h"

#include <gtest/gtest.h>

namespace sluice::app {
namespace {

class Fixed : public Encoder {
 public:
  explicit Fixed(std::string text) : text_(std::move(text)) {}
  void encode(const Batch&, std::span<const Change>, Outbox& out) override { out.bytes.append(text_); }
  std::unique_ptr<Encoder> clone() const override { return std::make_unique<Fixed>(text_); }

 private:
  std::string text_;
};

std::string pretty(const std::string& text, bool colours = false) {
  Outbox out;
  auto encoder = make_pretty_encoder(std::make_unique<Fixed>(text), colours)->clone();
  encoder->encode(Batch(), {}, out);
  return out.messages.empty() ? "" : std::string(out.bytes.view().substr(0, out.messages[0].end));
}

TEST(PrettyEncoder, PutsEachMemberOnALineOfItsOwn) {
  EXPECT_EQ(pretty(R"({"op":"insert","after":{"id":1,"tags":[1,2],"name":"a, {\"b\": [c]}"}})"),
            "{\n  \"op\": \"insert\",\n  \"after\": {\"id\": 1, \"tags\": [1, 2], \"name\": \"a, {\\\"b\\\": "
            "[c]}\"}\n}");
  EXPECT_EQ(pretty(R"({"a":"x\\","b":null})"), "{\n  \"a\": \"x\\\\\",\n  \"b\": null\n}");
  EXPECT_EQ(pretty(""), "");
}

TEST(PrettyEncoder, ColoursKeysAndTexts) {
  EXPECT_EQ(pretty(R"({"a":"b"})", true), "{\n  \x1b[34m\"a\"\x1b[0m: \x1b[32m\"b\"\x1b[0m\n}");
}

}  // namespace
}  // namespace sluice::app
