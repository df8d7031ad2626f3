// The events of the recorded logs, damaged: cut at every byte, with each byte flipped, and with lies in place
// of numbers. Without checksums to notice it, the decoder itself must: a fault or a result, nothing outside
// of the bytes, and of a cut event nothing but rows that stand in it. Run under AddressSanitizer it says
// most.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <set>
#include <tuple>
#include <utility>

#include "base/log.h"
#include "support/read_log.h"
#include "support/well_formed.h"
#include "wire/mysql/event.h"

namespace sluice::test {
namespace {

using mysql::EventType;

// All bytes of these, which hold every kind of event and column; of the other cases, every so many.
constexpr std::string_view kThorough[] = {
    "mysql-9.7-types",  "mariadb-11.8-types",      "mysql-9.7-json",         "mysql-9.7-own-types",
    "mysql-9.7-tagged", "mariadb-11.8-compressed", "mysql-9.7-partial-json", "mysql-9.7-xa"};
constexpr size_t kStride = 13;

bool is_compressed(EventType type) {
  return type >= EventType::WriteRowsCompressedV1 && type <= EventType::DeleteRowsCompressed;
}

bool carries_rows(EventType type) {
  return (type >= EventType::WriteRowsV1 && type <= EventType::DeleteRowsV1) ||
         (type >= EventType::WriteRows && type <= EventType::DeleteRows) ||
         type == EventType::PartialUpdateRows || is_compressed(type);
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
      size_t unnoticed = 0;
      for (size_t size = mysql::kHeaderBytes; size < event.size(); size += stride_) {
        std::string cut(event.substr(0, size));
        set_size(cut);
        ReadResult result = read(before + cut);
        const std::vector<std::string>& lines = result.lines;
        if (!carries_rows(type) || !sound.error.empty()) continue;
        unnoticed += result.error.empty();
        ASSERT_LE(lines.size(), whole.size()) << GetParam() << ": cut at " << size;
        for (size_t i = 0; i < lines.size(); ++i) {
          // A line that was the last one of its transaction says so.
          ASSERT_EQ(lines[i], whole[i]) << GetParam() << ": " << name(type) << " cut at " << size;
        }
      }
      // Between two rows nothing but the checksum can tell. Rows of an XA transaction are looked at when it
      // is committed.
      if (!whole.empty()) {
        ASSERT_LE(unnoticed, is_compressed(type) ? 0 : whole.size()) << GetParam() << ": " << name(type);
      }
      context.add(event, type);
    }
  }
}

// An event that is shorter than it says, and one whose checksum was left as it was, of whatever type.
TEST_P(DecodeDamage, CutAtAnyByteIsAFault) {
  static std::set<std::tuple<EventType, size_t, bool>> done;  // one of each size is enough, over all logs
  for (const LogFile& file : files_) {
    std::vector<std::string_view> events = events_of(file.bytes);
    std::string begin =
        "\xfe"
        "bin" +
        std::string(events.front());
    bool checksums = events.front()[events.front().size() - mysql::kChecksumBytes - 1] == 1;
    options_.verify_checksums = true;
    ASSERT_EQ(read(begin).error, "");
    for (std::string_view event : events) {
      EventType type = mysql::read_header(event).type;
      bool first = type == EventType::FormatDescription;
      if (!done.emplace(type, event.size(), checksums).second) continue;
      for (size_t size = mysql::kHeaderBytes; size < event.size(); ++size) {
        std::string cut(event.substr(0, size));
        std::string before = first ? begin.substr(0, 4) : begin;
        ReadResult result = read(before + cut);
        ASSERT_NE(result.error, "") << GetParam() << ": " << name(type) << " cut at " << size;
        ASSERT_EQ(result.lines.size(), 0u) << GetParam() << ": " << name(type) << " cut at " << size;
        if (!checksums || first) continue;
        set_size(cut);
        result = read(before + cut);
        ASSERT_NE(result.error, "") << GetParam() << ": " << name(type) << " ends at " << size;
        ASSERT_EQ(result.lines.size(), 0u) << GetParam() << ": " << name(type) << " ends at " << size;
      }
    }
  }
}

// Each count, length and offset lies somewhere in these bytes: whatever it says, memory stays in proportion
// and what comes out is well-formed.
TEST_P(DecodeDamage, Lies) {
  constexpr std::string_view kLies[] = {{"\0", 1},
                                        "\x01",
                                        "\x7f",
                                        "\xfa",
                                        "\xfb",
                                        "\xfc",
                                        "\xfd",
                                        "\xfe",
                                        "\xff",
                                        {"\0\0", 2},
                                        "\xff\xff",
                                        "\xff\xff\xff",
                                        {"\xfe\0\0\0\x80", 5},
                                        {"\0\0\0\0", 4},
                                        "\xff\xff\xff\xff",
                                        "\xff\xff\xff\x7f",
                                        "\xff\xff\xff\xff\xff\xff\xff\xff"};
  constexpr size_t kMostHeld = 64 << 20;
  std::set<std::pair<EventType, size_t>> done;
  size_t turn = 0;
  for (const LogFile& file : files_) {
    Context context;
    for (std::string_view event : events_of(file.bytes)) {
      EventType type = mysql::read_header(event).type;
      std::string bytes = context.before(type);
      size_t begin = bytes.size();
      bytes += event;
      context.add(event, type);
      if (!done.emplace(type, event.size()).second) continue;
      for (size_t at = begin + mysql::kHeaderBytes; at < bytes.size(); at += stride_) {
        // In turn; of a field's bytes one or the other is its first.
        std::string_view lie = kLies[turn++ % std::size(kLies)].substr(0, bytes.size() - at);
        std::string sound = bytes.substr(at, lie.size());
        bytes.replace(at, lie.size(), lie);
        ReadResult result = read(bytes);
        ASSERT_LT(result.most_held, kMostHeld) << GetParam() << ": " << name(type) << ", byte " << at - begin;
        for (const std::string& line : result.lines) {
          ASSERT_TRUE(well_formed(line))
              << GetParam() << ": " << name(type) << ", byte " << at - begin << ": " << line;
        }
        bytes.replace(at, sound.size(), sound);
      }
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
