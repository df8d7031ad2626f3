#include "sink/http/body.h"

#include <gtest/gtest.h>

#include "support/delivery.h"

namespace sluice::http {
namespace {

std::string escaped(std::string_view before, std::string_view text) {
  Bytes out;
  out.append(before);
  out.append(text);
  escape_in_url(out, before.size());
  return std::string(out.view());
}

TEST(HttpBody, PartsOfAUrlStayWithinTheirPlace) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "/?a=%/"},
      {"orders-1_2.x~", "/?a=%/orders-1_2.x~"},
      {"a/b?c#d%20", "/?a=%/a%2Fb%3Fc%23d%2520"},
      {"it's \"new\" {x}", "/?a=%/it%27s%20%22new%22%20%7Bx%7D"},
      {"\xc3\xa9\xf0\x9f\x99\x82", "/?a=%/%C3%A9%F0%9F%99%82"},
      {std::string("\0@:", 3), "/?a=%/%00%40%3A"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(escaped("/?a=%/", text), expected) << text;
  EXPECT_EQ(escaped("", std::string(300, ' ')).size(), 900u);
}

TEST(HttpBody, FormTextIsAsFormsHaveIt) {
  Bytes out;
  append_form_text(out, "{\"a\": \"b&c=d+e\"}~\xc3\xa9");
  EXPECT_EQ(out.view(), "%7B%22a%22%3A+%22b%26c%3Dd%2Be%22%7D%7E%C3%A9");
}

std::string idempotency_key(const Delivery& delivery, std::vector<uint32_t> messages) {
  Bytes out;
  append_idempotency_key(out, delivery, messages);
  return std::string(out.view());
}

TEST(HttpBody, AnIdempotencyKeyIsThatOfOneBodyOnly) {
  test::Lines lines(1, {"a", "b", "c", "d"});
  EXPECT_EQ(idempotency_key(lines.delivery(), {1}), "tx1#1");
  EXPECT_EQ(idempotency_key(lines.delivery(), {0, 1, 2, 3}), "tx1#0..tx1#3/4");
  EXPECT_EQ(idempotency_key(lines.delivery(), {0, 3}), "tx1#0..tx1#3/2");
  // The two halves of one change: the same id, and yet not the same request.
  test::Lines halves(2, {"old", "new"});
  halves.same_change();
  std::string first = idempotency_key(halves.delivery(), {0}),
              second = idempotency_key(halves.delivery(), {1});
  EXPECT_TRUE(first.starts_with("tx2#0/") && second.starts_with("tx2#0/")) << first << " " << second;
  EXPECT_NE(first, second);
}

TEST(HttpBody, WhatDoesNotFitABodyIsRefusedInWords) {
  Bytes out;
  ASSERT_TRUE(append_message(out, BodyKind::Array, "{}", 0));
  ASSERT_TRUE(append_message(out, BodyKind::Array, "null", 1));
  EXPECT_EQ(out.view(), "[{},null");
  auto csv = append_message(out, BodyKind::Array, "INSERT INTO t", 2);
  ASSERT_FALSE(csv);
  EXPECT_NE(csv.error().what.find("whose messages are JSON"), std::string::npos) << csv.error().what;
  auto lines = append_message(out, BodyKind::Ndjson, "{\n}", 0);
  ASSERT_FALSE(lines);
  EXPECT_NE(lines.error().what.find("one line each"), std::string::npos) << lines.error().what;
}

}  // namespace
}  // namespace sluice::http
