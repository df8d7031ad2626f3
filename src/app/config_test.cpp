#include "app/config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/registry.h"
#include "app/routing.h"
#include "app/yaml_section.h"

namespace sluice::app {
namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class ConfigCases : public testing::Test {
 protected:
  void SetUp() override {
    ::setenv("SLUICE_TEST_NAME", "shop", 1);
    ::unsetenv("SLUICE_TEST_NOTHING");
  }
};

// Each case is NAME.yaml with NAME.expected beside it: the mistakes, a line each; empty where there is none.
TEST_F(ConfigCases, NameEveryMistakeWithItsPlace) {
  size_t count = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(SLUICE_TEST_DIR) / "cases/config")) {
    if (entry.path().extension() != ".yaml") continue;
    ++count;
    ConfigReading reading = read_config(slurp(entry.path()), entry.path().filename());
    std::string found;
    for (const std::string& mistake : reading.mistakes) found += mistake + "\n";
    fs::path expected = fs::path(entry.path()).replace_extension(".expected");
    ASSERT_TRUE(fs::exists(expected)) << expected << " is missing; found:\n" << found;
    EXPECT_EQ(found, slurp(expected)) << entry.path();
    EXPECT_EQ(reading.config.has_value(), reading.mistakes.empty()) << entry.path();
  }
  EXPECT_GE(count, 20u);
}

TEST_F(ConfigCases, ValuesArriveWhereTheyBelong) {
  fs::path folder = fs::path(SLUICE_TEST_DIR) / "cases/config";
  ConfigReading reading = read_config(slurp(folder / "good.yaml"), "good.yaml");
  ASSERT_TRUE(reading.config) << reading.mistakes.front();
  const Config& config = *reading.config;
  EXPECT_EQ(config.pipeline.text("name"), "shop");
  EXPECT_EQ(config.pipeline.list("tables"),
            (std::vector<std::string>{"shop.*", "!shop.tmp_*", "/crm[.](lead|deal)/"}));
  EXPECT_EQ(config.source.text("url"), "mysql://sluice@127.0.0.1:3306/");
  EXPECT_EQ(config.source.where("url"), "good.yaml:4:8");
  EXPECT_EQ(config.memory.integer("batches"), 16u);
  EXPECT_EQ(config.memory.size("batch_bytes"), 1u << 20);
  ASSERT_EQ(config.lanes.size(), 2u);
  EXPECT_EQ(config.lanes[0].name, "changes");
  EXPECT_EQ(config.lanes[0].sink, find_sink("file"));
  EXPECT_EQ(config.lanes[0].sink_settings.text("path"), "./changes.jsonl");
  EXPECT_EQ(config.lanes[0].format, find_format("json"));
  EXPECT_EQ(config.lanes[0].format_settings.list("with"), (std::vector<std::string>{"source", "tx"}));
  EXPECT_EQ(config.lanes[1].format, find_format("maxwell"));

  reading = read_config(slurp(folder / "environment.yaml"), "environment.yaml");
  ASSERT_TRUE(reading.config) << reading.mistakes.front();
  EXPECT_EQ(reading.config->pipeline.text("name"), "shop");
  EXPECT_EQ(reading.config->pipeline.text("state"), "/var/lib/sluice/shop");
  EXPECT_EQ(reading.config->pipeline.list("tables"), (std::vector<std::string>{"price${x}.*"}));
}

TEST(Sample, IsARightConfigurationThatShowsEveryKey) {
  std::string sample = sample_config();
  ConfigReading reading = read_config(sample, "sluice.yaml");
  ASSERT_TRUE(reading.config) << reading.mistakes.front();
  for (auto options : {pipeline_options(), memory_options(), lane_options(), view_options(),
                       find_sink("file")->options, find_format("json")->options}) {
    for (const Option& option : options) {
      EXPECT_NE(sample.find(fmt::format("{}: ", option.name)), sample.npos) << option.name;
    }
  }
}

TEST(Registry, NoTwoTablesOfASinkShareAKey) {
  std::vector<Option> lane;
  for (auto options : {lane_options(), view_options(), address_options()}) {
    lane.insert(lane.end(), options.begin(), options.end());
  }
  auto has = [](std::span<const Option> options, std::string_view name) {
    for (const Option& option : options) {
      if (option.name == name) return true;
    }
    return false;
  };
  for (const SinkType* sink : sinks()) {
    for (const Option& option : sink->options) {
      EXPECT_FALSE(has(lane, option.name)) << sink->name << " " << option.name;
      if (sink->encoder) continue;  // it goes with no format
      for (const FormatType* format : formats()) {
        EXPECT_FALSE(has(format->options, option.name))
            << sink->name << " and " << format->name << ": " << option.name;
      }
    }
  }
  for (const FormatType* format : formats()) {
    for (const Option& option : format->options) {
      EXPECT_FALSE(has(lane, option.name)) << format->name << " " << option.name;
    }
  }
  EXPECT_EQ(find_sink("nothing"), nullptr);
  EXPECT_EQ(find_format(""), nullptr);
}

TEST(Environment, StandsInForNamesInBraces) {
  ::setenv("SLUICE_TEST_NAME", "shop", 1);
  ::setenv("SLUICE_TEST_EMPTY", "", 1);
  const std::pair<const char*, const char*> good[] = {
      {"", ""},
      {"a$b", "a$b"},
      {"${SLUICE_TEST_NAME}", "shop"},
      {"x-${SLUICE_TEST_NAME}-${SLUICE_TEST_NAME}", "x-shop-shop"},
      {"${SLUICE_TEST_EMPTY}", ""},
      {"${SLUICE_TEST_EMPTY:-other}", "other"},
      {"${SLUICE_TEST_NAME:-other}", "shop"},
      {"$${SLUICE_TEST_NAME}", "${SLUICE_TEST_NAME}"}};
  for (auto [text, expected] : good)
    EXPECT_EQ(expand_environment(text, "here").value_or("?"), expected) << text;
  for (const char* text : {"${", "${}", "${1}", "${SLUICE_TEST_GONE}", "${A-b}"}) {
    EXPECT_FALSE(expand_environment(text, "here")) << text;
  }
}

}  // namespace
}  // namespace sluice::app
