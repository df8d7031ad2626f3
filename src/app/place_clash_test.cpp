#include "app/place_clash.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

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

TEST(PlaceClash, LinksToWhatIsNotThereYet) {
  test::TemporaryFolder folder;
  std::filesystem::create_symlink("to-come", folder / "link");
  std::filesystem::create_symlink("itself", folder / "itself");
  EXPECT_EQ(place_pattern(folder / "link"), place_pattern(folder / "to-come"));
  EXPECT_NE(place_pattern(folder / "itself"), place_pattern(folder / "to-come"));
}

TEST(PlaceClash, TwoNamesOfOneFile) {
  test::TemporaryFolder folder;
  std::ofstream(folder / "a") << "x";
  std::filesystem::create_hard_link(folder / "a", folder / "b");
  auto one = [&](const char* a, const char* b) {
    std::string left = folder / a, right = folder / b;
    return is_one_file(place_pattern(left), left, place_pattern(right), right);
  };
  EXPECT_TRUE(one("a", "b"));
  EXPECT_FALSE(one("a", "c"));
  EXPECT_FALSE(one("c", "d"));
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
