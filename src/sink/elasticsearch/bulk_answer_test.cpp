#include "sink/elasticsearch/bulk_answer.h"

#include <gtest/gtest.h>

namespace sluice::elasticsearch {
namespace {

constexpr std::string_view kSome =
    R"({"took":3,"errors":true,"items":[{"index":{"_id":"1","status":201,"_shards":{"total":[1,{}]}}}, )"
    R"({"delete":{"status":404}},{"index":{"status":400,"error":{"type":"mapper_parsing_exception","reason":)"
    R"("field [\"n\"]\n\u00f6","caused_by":{"type":"x"}}}},{"index":{"error":"old words","status":429}}]})";

TEST(BulkAnswer, ReadsEachItem) {
  BulkAnswer answer;
  ASSERT_TRUE(answer.parse(kSome));
  EXPECT_TRUE(answer.errors);
  ASSERT_EQ(answer.items.size(), 4u);
  EXPECT_EQ(answer.items[0].status, 201);
  EXPECT_EQ(answer.items[0].why, "");
  EXPECT_EQ(answer.items[1].status, 404);
  EXPECT_EQ(answer.items[2].status, 400);
  EXPECT_EQ(answer.items[2].why, "mapper_parsing_exception: field [\"n\"] ?");
  EXPECT_EQ(answer.items[3].status, 429);
  EXPECT_EQ(answer.items[3].why, "old words");
}

TEST(BulkAnswer, WithoutErrorsNeedsNoItems) {
  for (std::string_view text :
       {R"({"errors":false,"items":[{"index":{"status":201}}]})", R"({"errors":false})",
        R"( { "took" : 1 , "errors" : false , "items" : [ ] } )"}) {
    BulkAnswer answer;
    EXPECT_TRUE(answer.parse(text)) << text;
    EXPECT_FALSE(answer.errors) << text;
    EXPECT_TRUE(answer.items.empty()) << text;
  }
}

TEST(BulkAnswer, WhatIsNoneIsTakenForNone) {
  std::string deep = R"({"errors":true,"items":)" + std::string(100'000, '[');
  for (std::string_view text :
       {std::string_view(""), std::string_view("{}"), std::string_view("[]"), std::string_view("null"),
        std::string_view(R"({"items":[]})"), std::string_view(R"({"errors":true,"items":[]}x)"),
        std::string_view(R"({"errors":true,"items":[{"index":{"status":"201"}}]})"),
        std::string_view(R"({"errors":true,"items":{}})"), std::string_view("{\"errors\":true,\"a\":\"\\"),
        std::string_view(deep)}) {
    BulkAnswer answer;
    EXPECT_FALSE(answer.parse(text)) << text.substr(0, 100);
  }
}

TEST(BulkAnswer, CutAnywhereIsNone) {
  for (size_t size = 0; size < kSome.size(); ++size) {
    std::string cut(kSome.substr(0, size));  // its end is the end of its memory
    BulkAnswer answer;
    EXPECT_FALSE(answer.parse(cut)) << cut;
  }
}

}  // namespace
}  // namespace sluice::elasticsearch
