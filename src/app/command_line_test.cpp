#include "app/command_line.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "app/config.h"
#include "app/engine_status.h"
#include "app/help.h"

namespace sluice::app {
namespace {

constexpr Option kReading[] = {
    {"from", OptionKind::Text, "now", "where to begin"},
    {"tables", OptionKind::List, "", "which tables"},
    {"batch_bytes", OptionKind::Size, "1MB", "how much"},
    {"pretty", OptionKind::Boolean, "", "whether"},
    {"ddl", OptionKind::Boolean, "true", "whether"},
    {"url", OptionKind::Text, "", "taken as an argument"},
    {"password", OptionKind::Secret, "", "never here"},
};
constexpr OptionGroup kGroups[] = {{"Reading", [] { return std::span<const Option>(kReading); }, "url"}};
constexpr Argument kArguments[] = {{"URL", "the server", true}, {"FILE", "more", false}};
const Command kCommand = {"try", "try it", "", kArguments, kGroups, {}, nullptr};

TEST(CommandLine, TakesOptionsInEveryForm) {
  auto parsed =
      parse_command_line(kCommand, {"--from", "-5", "mysql://h/", "--batch-bytes=2MB", "--pretty", "--no-ddl",
                                    "--tables", "a.*,!a.b", "--tables", "/x{1,2}/,c.d", "--", "--file"});
  ASSERT_TRUE(parsed) << parsed.error().what;
  EXPECT_EQ(parsed->arguments, (std::vector<std::string>{"mysql://h/", "--file"}));
  const Settings& reading = parsed->group("Reading");
  EXPECT_EQ(reading.text("from"), "-5");
  EXPECT_EQ(reading.where("from"), "--from");
  EXPECT_EQ(reading.size("batch_bytes"), 2'000'000u);
  EXPECT_TRUE(reading.boolean("pretty"));
  EXPECT_FALSE(reading.boolean("ddl"));
  EXPECT_EQ(reading.list("tables"), (std::vector<std::string>{"a.*", "!a.b", "/x{1,2}/", "c.d"}));
}

TEST(CommandLine, TheLastWordCountsAndDefaultsHold) {
  auto parsed = parse_command_line(kCommand, {"--from", "a", "--from=b", "--pretty", "--no-pretty", "-"});
  ASSERT_TRUE(parsed) << parsed.error().what;
  EXPECT_EQ(parsed->group("Reading").text("from"), "b");
  EXPECT_FALSE(parsed->group("Reading").boolean("pretty"));
  EXPECT_TRUE(parsed->group("Reading").boolean("ddl"));
  EXPECT_EQ(parsed->argument(0), "-");
  EXPECT_EQ(parsed->argument(1, "else"), "else");
}

TEST(CommandLine, HelpNeedsNothingElse) {
  for (const char* word : {"-h", "--help"}) {
    auto parsed = parse_command_line(kCommand, {word});
    ASSERT_TRUE(parsed) << parsed.error().what;
    EXPECT_TRUE(parsed->common().boolean("help"));
  }
}

TEST(CommandLine, RefusesWithTheNearestName) {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{}, "URL is missing: the server"},
      {{"u", "--form", "x"}, "--form is not known; did you mean --from?"},
      {{"u", "--ddl2=x"}, "--ddl2 is not known"},
      {{"u", "--elephant"}, "--elephant is not known"},
      {{"u", "-x"}, "-x is not known"},
      {{"u", "--url", "x"}, "--url is not known"},
      {{"u", "--password", "x"}, "--password is not known"},
      {{"u", "--no-from"}, "--no-from is not known; did you mean --from?"},
      {{"u", "--from"}, "--from: its value is missing; expected --from TEXT"},
      {{"u", "--no-ddl=yes"}, "--no-ddl takes no value"},
      {{"u", "--pretty=maybe"}, "--pretty: 'maybe' is not true or false"},
      {{"u", "--batch-bytes", "x"}, "--batch-bytes: 'x' is not a size, such as 4096, 64MB or 1GiB"},
      {{"u", "v", "w"}, "'w' is one argument too many"},
  };
  for (const auto& [words, message] : cases) {
    auto parsed = parse_command_line(kCommand, words);
    ASSERT_FALSE(parsed) << message;
    EXPECT_EQ(parsed.error().what, message);
    EXPECT_EQ(parsed.error().fault, Fault::Usage) << message;
  }
}

TEST(CommandLine, ListsSplitAtCommasOutsideRegularExpressions) {
  const std::pair<const char*, std::vector<std::string>> cases[] = {
      {"", {}},
      {"a", {"a"}},
      {"a,b", {"a", "b"}},
      {"a,,b", {"a", "", "b"}},
      {"/a,b/,c", {"/a,b/", "c"}},
      {"!/a,b/,c", {"!/a,b/", "c"}},
      {"/a,b", {"/a,b"}},
      {"a/b,c/d", {"a/b", "c/d"}},
  };
  for (const auto& [text, parts] : cases) EXPECT_EQ(split_list(text), parts) << text;
}

TEST(Commands, EveryOptionIsOfferedOnceAndExplained) {
  for (const Command* command : commands()) {
    std::vector<std::string> flags;
    auto check = [&](const Option& option) {
      EXPECT_FALSE(option.help.empty()) << command->name << " " << option.name;
      EXPECT_FALSE(option.help.ends_with('.')) << command->name << " " << option.name;
      for (const std::string& other : flags) EXPECT_NE(other, option.name) << command->name;
      flags.emplace_back(option.name);
    };
    for (const OptionGroup& group : command->groups) {
      for (const Option& option : group.options()) {
        if (offered(group, option)) check(option);
      }
    }
    for (const Option& option : common_options()) check(option);
    std::string help = help_of(*command, Look());
    std::string man = man_page(), page = cli_markdown();
    for (const std::string& name : flags) {
      std::string shown = name;
      for (char& c : shown) c = c == '_' ? '-' : c;
      EXPECT_NE(help.find(shown), help.npos) << command->name << " " << shown;
      EXPECT_NE(page.find(shown), page.npos) << command->name << " " << shown;
    }
  }
}

std::string committed(const char* page) {
  std::ifstream file(std::string(SLUICE_TEST_DIR) + "/../docs/" + page);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(Documentation, IsWhatTheProgramWouldWriteNow) {
  EXPECT_EQ(committed("cli.md"), cli_markdown())
      << "write it anew: build/sluice help --markdown cli > docs/cli.md";
  EXPECT_EQ(committed("metrics.md"), metrics_markdown())
      << "write it anew: build/sluice help --markdown metrics > docs/metrics.md";
  EXPECT_EQ(committed("configuration.md"), config_markdown())
      << "write it anew: build/sluice help --markdown configuration > docs/configuration.md";
}

}  // namespace
}  // namespace sluice::app
