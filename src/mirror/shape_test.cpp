#include "mirror/shape.h"

#include <gtest/gtest.h>

namespace sluice::mirror {
namespace {

TEST(MirrorShape, ComesBackFromItsText) {
  const Shape shapes[] = {{},
                          {{{"id", "int"}}, {0}},
                          {{{"a", "decimal(10,2)"}, {"b\"`", ""}, {"ü", "text"}}, {2, 0}},
                          {{{std::string("\0x", 2), "int"}}, {}}};
  for (const Shape& shape : shapes) {
    Bytes text;
    append_shape(text, shape);
    EXPECT_EQ(parse_shape(text.view()), shape);
  }
}

TEST(MirrorShape, KnowsItsColumns) {
  Shape shape{{{"a", "int"}, {"b", "text"}, {"c", "int"}}, {2, 0}};
  EXPECT_TRUE(shape.in_key(0));
  EXPECT_FALSE(shape.in_key(1));
  ASSERT_NE(shape.find("b"), nullptr);
  EXPECT_EQ(shape.find("b")->type, "text");
  EXPECT_EQ(shape.find("B"), nullptr);
}

TEST(MirrorShape, StepsComeBackFromTheirText) {
  const std::vector<Step> all[] = {{},
                                   {{Step::What::Rename, "a", "b"}},
                                   {{Step::What::Drop, "a", ""},
                                    {Step::What::Add, "b", "NULL DEFAULT 'it''s'"},
                                    {Step::What::Modify, "ü", ""}}};
  for (const auto& steps : all) {
    Bytes text;
    append_steps(text, steps);
    EXPECT_EQ(parse_steps(text.view()), steps);
  }
}

}  // namespace
}  // namespace sluice::mirror
