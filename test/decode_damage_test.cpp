// The events of the recorded logs, damaged: cut at every byte, and with each byte flipped. Without checksums
// to notice it, the decoder itself must: a fault or a result, nothing outside of the bytes, and of a cut
// event nothing but rows that stand in it. Run under AddressSanitizer it says most.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "base/log.h"
#include "support/read_log.h"
#include "support/well_formed.h"
#include "wire/mysql/event.h"

namespace sluice::test {
namespace {

using mysql::EventType;

// All bytes of these, which hold every kind of event and column; of the other cases, every so many.
constexpr std::string_view kThorough[] = {"mysql-9.7-types", "mariadb-11.8-types", "mysql-9.7-json",
                                          "mysql-9.7-own-types", "mysql-9.7-tagged"};
constexpr size_t kStride = 13;

bool carries_rows(EventType type) {
  return (type >= EventType::WriteRowsV1 && type <= EventType::DeleteRowsV1) ||
         (type >= EventType::WriteRows && type <= EventType::DeleteRows);
}

// What an event needs before it to be understood.
class Context {
 public:
  // To be called with each event, after before() was asked for it.
  void add(std::string_view event, EventType type) {
    switch (type) {
      case EventType::FormatDescription: format_ = event; break;
      case EventType::Gtid:
      case EventType::AnonymousGtid:
      case EventType::GtidTagged:
      case EventType::MariaDbGtid:
        gtid_ = event;
        begin_ = {};
        break;
      case EventType::Query: begin_ = event; break;
      case EventType::TableMap: maps_ += event; return;
      default: break;
    }
    if (!carries_rows(type) || mapped_) maps_.clear();
    mapped_ = carries_rows(type);
  }
  std::string before(EventType type) const {
    std::string bytes =
        "\xfe"
        "bin";
    if (type == EventType::FormatDescription) return bytes;
    bytes += format_;
    if (carries_rows(type)) bytes.append(gtid_).append(begin_).append(maps_);
    return bytes;
  }

 private:
  std::string_view format_, gtid_, begin_;
  std::string maps_;
  bool mapped_ = false;
};

void set_size(std::string& event) {
  auto size = static_cast<uint32_t>(event.size());
  std::memcpy(event.data() + 9, &size, 4);
}

class DecodeDamage : public testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(log::to_file("/dev/null").has_value()); }
  static void TearDownTestSuite() { ASSERT_TRUE(log::to_file("/dev/stderr").has_value()); }

  void SetUp() override {
    std::string folder = SLUICE_TEST_DIR "/cases/binlog/" + GetParam();
    files_ = log_files(folder);
    options_.schema = read_file(folder + "/schema.sql");
    options_.verify_checksums = false;
    options_.with = {"tx"};  // a position changes with the size of its event
    bool thorough = std::count(std::begin(kThorough), std::end(kThorough), GetParam()) > 0;
    stride_ = thorough ? 1 : kStride;
  }

  ReadResult read(const std::string& bytes) { return read_log({{"binlog.000001", bytes}}, options_); }

  std::vector<LogFile> files_;
  ReadOptions options_;
  size_t stride_ = 1;
};

TEST_P(DecodeDamage, Cut) {
  for (const LogFile& file : files_) {
    Context context;
    for (std::string_view event : events_of(file.bytes)) {
      EventType type = mysql::read_header(event).type;
      std::string before = context.before(type);
      ReadResult sound = read(before + std::string(event));
      const std::vector<std::string>& whole = sound.lines;
      for (size_t size = mysql::kHeaderBytes; size < event.size(); size += stride_) {
        std::string cut(event.substr(0, size));
        set_size(cut);
        std::vector<std::string> lines = read(before + cut).lines;
        if (!carries_rows(type) || !sound.error.empty()) continue;
        ASSERT_LE(lines.size(), whole.size()) << GetParam() << ": cut at " << size;
        for (size_t i = 0; i < lines.size(); ++i) {
          // A line that was the last one of its transaction says so.
          ASSERT_EQ(lines[i], whole[i]) << GetParam() << ": " << name(type) << " cut at " << size;
        }
      }
      context.add(event, type);
    }
  }
}

TEST_P(DecodeDamage, Flipped) {
  for (const LogFile& file : files_) {
    Context context;
    size_t turn = 0;
    for (std::string_view event : events_of(file.bytes)) {
      EventType type = mysql::read_header(event).type;
      std::string bytes = context.before(type);
      size_t begin = bytes.size();
      bytes += event;
      for (size_t at = begin; at < bytes.size(); at += stride_) {
        char sound = bytes[at];
        bytes[at] ^= static_cast<char>(turn % 3 == 0 ? 0xff : turn % 3 == 1 ? 0x80 : 1 << turn % 7);
        ++turn;
        for (const std::string& line : read(bytes).lines) {
          ASSERT_TRUE(well_formed(line))
              << GetParam() << ": " << name(type) << ", byte " << at - begin << " flipped: " << line;
        }
        bytes[at] = sound;
      }
      context.add(event, type);
    }
  }
}

std::vector<std::string> names() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(SLUICE_TEST_DIR "/cases/binlog")) {
    if (std::filesystem::exists(entry.path() / "expected.jsonl")) found.push_back(entry.path().filename());
  }
  std::sort(found.begin(), found.end());
  return found;
}

INSTANTIATE_TEST_SUITE_P(All, DecodeDamage, testing::ValuesIn(names()), [](const auto& param) {
  std::string name = param.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
  return name;
});

}  // namespace
}  // namespace sluice::test
