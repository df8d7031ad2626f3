// What the canal format makes of recorded logs, message by message and field by field, beside what canal's
// rules make of the same changes as the server bore them out: test/cases/canal, made by its make.py.
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "format/encoder.h"
#include "support/read_log.h"

namespace sluice {

extern const FormatType canal_format;

namespace test {
namespace {

using nlohmann::json;

// The time zone of this process, for as long as this is there.
class ZoneOf {
 public:
  explicit ZoneOf(const char* zone) {
    if (const char* there = std::getenv("TZ")) before_ = there;
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
  ~ZoneOf() {
    before_.empty() ? ::unsetenv("TZ") : ::setenv("TZ", before_.c_str(), 1);
    ::tzset();
  }

 private:
  std::string before_;
};

// Calls `visit(batch, changes)` for the row changes of each event, those of one table and kind together.
void each_event(const std::string& name,
                const std::function<void(const Batch&, std::span<const Change>)>& visit) {
  const std::string folder = SLUICE_TEST_DIR "/cases/binlog/" + name;
  ReadOptions options;
  options.schema = read_file(folder + "/schema.sql");
  options.batch_bytes = 64 << 20;  // no event comes in two parts
  size_t first = 0;
  options.each = [&](const Batch& batch, const Change& change) {
    size_t at = static_cast<size_t>(&change - batch.changes.data());
    if (at == 0) first = 0;
    if (at + 1 < batch.changes.size()) {
      const Change& next = batch.changes[at + 1];
      if (next.event == change.event && next.table == change.table && next.op == change.op) return;
    }
    if (change.op != Op::Ddl) visit(batch, std::span(batch.changes).subspan(first, at + 1 - first));
    first = at + 1;
  };
  ReadResult read = read_log(log_files(folder), options);
  EXPECT_EQ(read.error, "");
}

std::vector<json> written(const std::string& name, const char* strict) {
  Settings settings(canal_format.options);
  EXPECT_TRUE(settings.set("strict", {strict}, "test"));
  auto encoder = std::move(*canal_format.make(settings));
  std::vector<json> all;
  Outbox out;
  each_event(name, [&](const Batch& batch, std::span<const Change> changes) {
    out.clear();
    encoder->encode(batch, changes, out);
    out.end_message();
    ASSERT_EQ(out.messages.size(), 1U);
    all.push_back(json::parse(out.bytes.view()));
    EXPECT_EQ(all.back()["es"], batch.events[changes[0].event].timestamp * int64_t{1000});
    EXPECT_EQ(all.back()["ts"], batch.read_us / 1000);
  });
  return all;
}

void compare(const std::string& name, const std::string& file, const std::vector<json>& ours) {
  std::string text = read_file(SLUICE_TEST_DIR "/cases/canal/" + name + "/" + file);
  std::vector<json> expected;
  for (size_t at = 0, end; (end = text.find('\n', at)) != text.npos; at = end + 1) {
    expected.push_back(json::parse(text.substr(at, end - at)));
  }
  ASSERT_FALSE(expected.empty());
  ASSERT_EQ(ours.size(), expected.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    for (const auto& [field, value] : expected[i].items()) {
      EXPECT_EQ(ours[i].value(field, json("is not there")), value)
          << file << ", message " << i + 1 << ", " << field;
    }
    EXPECT_EQ(ours[i].size(), expected[i].size() + 2) << "beside es and ts: " << ours[i].dump();
  }
}

class CanalCases : public testing::TestWithParam<std::string> {};

TEST_P(CanalCases, SaysWhatTheServerSays) {
  compare(GetParam(), "expected.jsonl", written(GetParam(), "false"));
}

TEST_P(CanalCases, SaysItLikeCanal) {
  ZoneOf zone("Asia/Kolkata");
  compare(GetParam(), "strict.jsonl", written(GetParam(), "true"));
}

// However a log comes in, the rows of an event stand in one batch, where the decoder is asked to keep them
// so.
TEST(WholeEvents, StayInOneBatch) {
  const std::string folder = SLUICE_TEST_DIR "/cases/binlog/";
  for (const char* name : {"mysql-9.7-transactions", "mariadb-11.8-transactions", "mysql-9.7-types",
                           "mariadb-11.8-compressed"}) {
    size_t split[2] = {};
    for (bool whole : {false, true}) {
      ReadOptions options;
      options.each_event = true;
      options.whole_events = whole;
      std::map<std::tuple<std::string, std::string, uint64_t>, std::set<size_t>> batches;
      size_t batch_number = 0;
      options.each = [&](const Batch& batch, const Change& change) {
        if (&change == batch.changes.data()) ++batch_number;
        const Event& event = batch.events[change.event];
        batches[{std::string(batch.transactions[change.transaction].id), std::string(event.file),
                 event.first}]
            .insert(batch_number);
      };
      std::vector<LogFile> files = log_files(folder + name);
      ReadResult read = read_log(files, options);
      EXPECT_EQ(read.error, "") << name;
      for (const auto& [event, in] : batches) split[whole] += in.size() > 1;
      ReadOptions plain;
      EXPECT_EQ(read.lines, read_log(files, plain).lines) << name;
    }
    EXPECT_GT(split[0], 0U) << name << " has no event that would be split";
    EXPECT_EQ(split[1], 0U) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Recorded, CanalCases,
                         testing::Values("mysql-9.7-types-schema", "mysql-5.6-types-schema",
                                         "mariadb-11.8-types-schema", "mysql-9.7-json",
                                         "mysql-9.7-partial-json", "mysql-9.7-own-types",
                                         "mariadb-11.8-own-types", "mysql-9.7-image-minimal",
                                         "mariadb-10.11-image-noblob"),
                         [](const auto& made) {
                           std::string name = made.param;
                           for (char& c : name) c = isalnum(static_cast<unsigned char>(c)) ? c : '_';
                           return name;
                         });

}  // namespace
}  // namespace test
}  // namespace sluice
