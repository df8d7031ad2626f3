// The recorded logs of test/cases/binlog: each must be read as expected, however it is cut into batches.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/log.h"
#include "support/read_log.h"

namespace sluice::test {
namespace {

const std::string kCases = SLUICE_TEST_DIR "/cases/binlog";

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kCases)) {
    if (std::filesystem::exists(entry.path() / "expected.jsonl")) names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end == std::string::npos ? text.size() : end + 1;
  }
  return lines;
}

struct Case {
  std::string name;
  std::vector<LogFile> files;
  std::vector<std::string> expected;
  std::string error;  // empty: reading comes to the end
  ReadOptions options;

  explicit Case(const std::string& case_name) : name(case_name) {
    std::string folder = kCases + "/" + name;
    files = log_files(folder);
    expected = split_lines(read_file(folder + "/expected.jsonl"));
    std::vector<std::string> message = split_lines(read_file(folder + "/expected.error"));
    if (!message.empty()) error = message.front();
    options.schema = read_file(folder + "/schema.sql");
    // Statements stand in the lines of the cases that are about them.
    if (name.find("-transactions") == std::string::npos) options.with = {"source", "tx"};
  }
};

// One message for the first difference: hundreds of lines that all differ help nobody.
void expect_lines(const std::string& what, const std::vector<std::string>& expected,
                  const std::vector<std::string>& got) {
  size_t common = std::min(expected.size(), got.size());
  for (size_t i = 0; i < common; ++i) { ASSERT_EQ(expected[i], got[i]) << what << ", line " << i + 1; }
  ASSERT_EQ(expected.size(), got.size())
      << what << ", first line too " << (expected.size() > got.size() ? "few: " : "many: ")
      << (expected.size() > got.size() ? expected[common] : got[common]);
}

// The last change of each transaction says so, and no other one; they are counted from 0 without a gap.
void expect_whole_transactions(const std::string& what, const std::vector<Delivered>& changes) {
  for (size_t i = 0; i < changes.size(); ++i) {
    bool begins = i == 0 || changes[i - 1].transaction != changes[i].transaction;
    bool ends = i + 1 == changes.size() || changes[i + 1].transaction != changes[i].transaction;
    ASSERT_EQ(changes[i].index, begins ? 0 : changes[i - 1].index + 1) << what << ", change " << i;
    ASSERT_EQ(changes[i].last, ends) << what << ", change " << i << " of " << changes[i].transaction;
  }
}

class DecodeCases : public testing::TestWithParam<std::string> {
 protected:
  // Logs that name no columns are warned about, which is not what is tested here.
  static void SetUpTestSuite() { ASSERT_TRUE(log::to_file("/dev/null").has_value()); }
  static void TearDownTestSuite() { ASSERT_TRUE(log::to_file("/dev/stderr").has_value()); }
};

TEST_P(DecodeCases, ReadAsExpected) {
  Case read(GetParam());
  ASSERT_FALSE(read.files.empty());
  ReadResult result = read_log(read.files, read.options);
  expect_lines(read.name, read.expected, result.lines);
  EXPECT_EQ(result.error, read.error) << read.name;
  if (read.error.empty()) expect_whole_transactions(read.name, result.changes);
}

TEST_P(DecodeCases, HoweverItIsCut) {
  Case read(GetParam());
  for (bool each_event : {false, true}) {
    ReadOptions options = read.options;
    options.batch_bytes = 1;
    options.each_event = each_event;
    std::string what = read.name + (each_event ? ", event by event" : ", one row event a batch");
    ReadResult result = read_log(read.files, options);
    EXPECT_EQ(result.error, read.error) << what;
    expect_lines(what, read.expected, result.lines);
    if (read.error.empty()) expect_whole_transactions(what, result.changes);
  }
}

// The same lines, none of them before its transaction's end; of a transaction with a fault in it, none.
TEST_P(DecodeCases, WithheldUntilTheCommit) {
  Case read(GetParam());
  for (bool each_event : {false, true}) {
    ReadOptions options = read.options;
    options.batch_bytes = 1;
    options.each_event = each_event;
    options.whole = true;
    std::string what = read.name + (each_event ? ", event by event" : ", one row event a batch");
    ReadResult result = read_log(read.files, options);
    EXPECT_EQ(result.error, read.error) << what;
    std::vector<std::string> expected = read.expected;
    if (!read.error.empty()) expected.resize(std::min(expected.size(), result.lines.size()));
    expect_lines(what, expected, result.lines);
    expect_whole_transactions(what, result.changes);
  }
}

INSTANTIATE_TEST_SUITE_P(All, DecodeCases, testing::ValuesIn(case_names()), [](const auto& param) {
  std::string name = param.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
});

}  // namespace
}  // namespace sluice::test
