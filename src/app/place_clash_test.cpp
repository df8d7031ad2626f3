#include "app/place_clash.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/folder.h"

namespace sluice::app {
namespace {

TEST(PlaceClash, TemplatesThatMayNameOneFile) {
  struct Case {
    const char *a, *b;
    bool meet;
  };
  const Case cases[] = {
      {"/x/a", "/x/a", true},
      {"/x/a", "/x/b", false},
      {"/x/{table}", "/x/{database}", true},
      {"/x/{table}", "/x/audit.jsonl", true},
      {"/x/{table}.jsonl", "/x/audit.csv", false},
      {"/x/{table}.jsonl", "/x/{table}.jsonl.gz", false},
      {"/x/{table}.jsonl", "/x/{table}", true},  // of a table audit.jsonl
      {"/x/a-{table}", "/x/b-{table}", false},
      {"/x/a-{table}", "/x/{table}-b", true},
      {"/x/{database}.{table}", "/x/shop.orders", true},
      {"/x/{database}.{table}", "/x/orders", false},
      {"/x/{database}/{table}", "/x/{table}", false},  // what fills a place has no slash
      {"/x/{database}/{table}", "/x/shop/orders", true},
      {"/x/{table}/a", "/x/b/{table}", true},
      {"/x/{table}/a", "/x/{table}/b", false},
      {"/x/{table}x", "/x/x", false},  // what fills a place is not nothing
      {"/x/{{table}}", "/x/{table}", true},
      {"/x/{{a}}", "/x/{{b}}", false},
      {"/x/../x/./a", "/x//a", true},
      {"/x/{op}{table}{op}", "/x/ab", false},
      {"/x/{op}{table}{op}", "/x/abc", true},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(may_meet(place_pattern(c.a), place_pattern(c.b)), c.meet) << c.a << " " << c.b;
    EXPECT_EQ(may_meet(place_pattern(c.b), place_pattern(c.a)), c.meet) << c.b << " " << c.a;
  }
}

TEST(PlaceClash, LinksAndRelativePathsAreFollowed) {
  test::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "real");
  std::filesystem::create_directory_symlink(folder / "real", folder / "link");
  EXPECT_TRUE(may_meet(place_pattern(folder / "real/{table}"), place_pattern(folder / "link/{table}")));
  EXPECT_TRUE(
      may_meet(place_pattern("out/a"), place_pattern((std::filesystem::current_path() / "out/a").string())));
}

// Long names with many places are compared in a moment.
TEST(PlaceClash, ManyPlaces) {
  std::string a = "/", b = "/";
  for (int i = 0; i < 400; ++i) {
    a += "{table}a";
    b += "{table}b";
  }
  EXPECT_FALSE(may_meet(place_pattern(a), place_pattern(b)));
}

}  // namespace
}  // namespace sluice::app
