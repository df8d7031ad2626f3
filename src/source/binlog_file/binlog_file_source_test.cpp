#include "source/binlog_file/binlog_file_source.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "support/folder.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

const fs::path kCases = SLUICE_TEST_DIR "/cases/binlog_file";
const char* const kKinds[] = {"mysql-9.7", "mariadb-10.11", "mysql-5.6"};

std::string slurp(const fs::path& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

void write_file(const fs::path& path, std::string_view bytes) {
  fs::remove(path);  // a file cut and written anew waits for the disk on some file systems
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::string spell(const Row& row) {
  if (!row) return "-";
  std::string text;
  for (const Cell& cell : row) {
    if (!text.empty()) text += ",";
    if (cell.kind == Kind::Int) {
      text += std::to_string(cell.i);
    } else if (cell.kind == Kind::Text) {
      text += cell.bytes();
    } else {
      text += cell.kind == Kind::Null ? "null" : "?";
    }
  }
  return text;
}

std::string spell(const Batch& batch, const Change& change) {
  if (change.op == Op::Ddl) return "ddl " + std::string(batch.events[change.event].query);
  return change.table->name + " " + spell(change.before) + " > " + spell(change.after) +
         (change.last ? " last" : "");
}

struct Reading {
  std::vector<std::string> changes;
  std::vector<Position> resumes;      // after each batch
  std::vector<size_t> resume_sizes;   // how many changes were there
  std::vector<Catalogue> catalogues;  // what was known there
  std::string error;                  // empty: read to the end
  Fault fault = Fault::Stopped;
};

Reading read_all(BinlogFileSetup setup, const Position& from = {}, Catalogue catalogue = {}) {
  Reading reading;
  Selection selection;
  auto source = make_binlog_file_source(std::move(setup), catalogue, selection);
  auto fail = [&](const Error& error) {
    reading.error = error.what;
    reading.fault = error.fault;
    return reading;
  };
  if (auto opened = source->open(from); !opened) return fail(opened.error());
  for (;;) {
    Batch batch;
    auto more = source->read(batch);
    if (!more) return fail(more.error());
    for (const Change& change : batch.changes) reading.changes.push_back(spell(batch, change));
    reading.resumes.push_back(batch.resume);
    reading.resume_sizes.push_back(reading.changes.size());
    reading.catalogues.push_back(catalogue);
    if (*more == Source::More::End) return reading;
  }
}

class BinlogFileSource : public testing::TestWithParam<const char*> {
 protected:
  fs::path recorded() const { return kCases / GetParam(); }
  std::string file(int number) const { return recorded() / ("binlog.00000" + std::to_string(number)); }

  test::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

const std::vector<std::string> kWhole = {
    "ddl create database shop",
    "ddl create table shop.item (id int primary key, name varchar(20))",
    "item - > 1,one",
    "item - > 2,two last",
    "item 1,one > 1,eins",
    "item 2,two > - last",
    "ddl alter table shop.item add column price decimal(8,2)",
    "item - > 3,dreißig,? last",
    "item - > 4,four,? last",
};

std::vector<std::string> tail(size_t from) {
  return {kWhole.begin() + static_cast<ptrdiff_t>(from), kWhole.end()};
}

// Of a transaction that is not whole, the last change cannot say that it is the last.
bool is_prefix(const std::vector<std::string>& part) {
  if (part.size() > kWhole.size()) return false;
  for (size_t i = 0; i < part.size(); ++i) {
    bool open_end = i + 1 == part.size() && part[i] + " last" == kWhole[i];
    if (part[i] != kWhole[i] && !open_end) return false;
  }
  return true;
}

TEST_P(BinlogFileSource, ReadsAFolderAnIndexAndAListInTheOrderOfTheirNumbers) {
  const std::vector<std::vector<std::string>> ways = {
      {recorded()}, {recorded() / "binlog.index"}, {file(3), file(1), file(2)}};
  for (const std::vector<std::string>& paths : ways) {
    Reading reading = read_all({.paths = paths});
    EXPECT_EQ(reading.error, "") << paths[0];
    EXPECT_EQ(reading.changes, kWhole) << paths[0];
  }
}

TEST_P(BinlogFileSource, ReadsAStreamOfSeveralFiles) {
  fs::path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::string bytes = slurp(file(1)) + slurp(file(2)) + slurp(file(3));
  for (size_t piece : {size_t{7}, size_t{100}, bytes.size()}) {
    std::thread writer([&] {
      int fd = ::open(pipe.c_str(), O_WRONLY);
      for (size_t at = 0; at < bytes.size(); at += piece) {
        ASSERT_GT(::write(fd, bytes.data() + at, std::min(piece, bytes.size() - at)), 0);
      }
      ::close(fd);
    });
    Reading reading = read_all({.paths = {pipe}});
    writer.join();
    EXPECT_EQ(reading.error, "") << piece;
    EXPECT_EQ(reading.changes, kWhole) << piece;
  }
}

TEST_P(BinlogFileSource, GoesOnWhereABatchEnded) {
  BinlogFileSetup setup{.paths = {recorded()}};
  setup.decoder.batch_bytes = 1;  // a batch for each row event
  Reading whole = read_all(setup);
  ASSERT_EQ(whole.changes, kWhole);
  ASSERT_GT(whole.resumes.size(), 3u);
  for (size_t i = 0; i < whole.resumes.size(); ++i) {
    Reading rest = read_all(setup, whole.resumes[i], whole.catalogues[i]);
    EXPECT_EQ(rest.error, "") << describe(whole.resumes[i]);
    // A resume position lies behind a whole transaction, so the changes of one cut by the batch come again.
    ASSERT_LE(rest.changes.size(), kWhole.size());
    EXPECT_EQ(rest.changes, tail(kWhole.size() - rest.changes.size())) << describe(whole.resumes[i]);
    EXPECT_GE(rest.changes.size() + whole.resume_sizes[i], kWhole.size()) << describe(whole.resumes[i]);
  }
}

TEST_P(BinlogFileSource, EndsBeforeAGivenPlace) {
  Position until;
  until.file = "binlog.000002";
  until.offset = 4;
  EXPECT_EQ(read_all({.paths = {recorded()}, .until = until}).changes,
            std::vector<std::string>(kWhole.begin(), kWhole.begin() + 4));
  EXPECT_EQ(read_all({.paths = {recorded()}, .until_time = 1}).changes, std::vector<std::string>());
  EXPECT_EQ(read_all({.paths = {recorded()}, .from_time = UINT32_MAX}).changes, std::vector<std::string>());
}

TEST_P(BinlogFileSource, PassesOverTransactionsByTheirGtids) {
  Reading whole = read_all({.paths = {recorded()}});
  if (whole.resumes.back().gtids.empty()) {
    EXPECT_STREQ(GetParam(), "mysql-5.6");
    return;
  }
  Position from;
  from.gtids = read_all({.paths = {file(1), file(2)}}).resumes.back().gtids;
  Reading rest = read_all({.paths = {recorded()}, .from = from});
  EXPECT_EQ(rest.error, "");
  EXPECT_EQ(rest.changes, tail(7));
}

TEST_P(BinlogFileSource, AFileCutAtAnyByteGivesWhatIsBeforeTheCutAndAnError) {
  std::string bytes = slurp(file(3));
  fs::path cut = folder_ / "binlog.000003";
  size_t clean = 0;
  for (size_t size = 0; size < bytes.size(); ++size) {
    write_file(cut, std::string_view(bytes).substr(0, size));
    Reading reading = read_all({.paths = {file(1), file(2), cut}});
    EXPECT_TRUE(is_prefix(reading.changes)) << size;
    if (size < 24) {
      EXPECT_EQ(reading.fault, Fault::Usage) << size << ": " << reading.error;
    } else {
      EXPECT_GE(reading.changes.size(), 7u) << size << ": " << reading.error;
    }
    clean += reading.error.empty();
    EXPECT_TRUE(reading.error.empty() || reading.error.find(cut) != std::string::npos)
        << size << reading.error;
  }
  // Behind the format description, the list of GTIDs, and the first transaction.
  EXPECT_LE(clean, 6u);
  EXPECT_GE(clean, 2u);
}

TEST_P(BinlogFileSource, AFlippedBitAnywhereIsAnError) {
  std::string bytes = slurp(file(3));
  fs::path damaged = folder_ / "binlog.000003";
  constexpr size_t kInUseFlag = 4 + 17;  // not under the checksum: it is cleared when the file is closed
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (int bit : {0, 7}) {
      bytes[at] = static_cast<char>(bytes[at] ^ 1 << bit);
      write_file(damaged, bytes);
      bytes[at] = static_cast<char>(bytes[at] ^ 1 << bit);
      Reading reading = read_all({.paths = {damaged}});
      if (at != kInUseFlag || bit != 0) {
        EXPECT_NE(reading.error, "") << at << " bit " << bit;
        EXPECT_LE(reading.changes.size(), 2u) << at;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, BinlogFileSource, testing::ValuesIn(kKinds), [](const auto& param) {
  std::string name = param.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
  return name;
});

class BadLogFiles : public testing::Test {
 protected:
  test::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

TEST_F(BadLogFiles, AreNamedWithWhatIsWrongWithThem) {
  std::string good = slurp(kCases / "mysql-9.7/binlog.000003");
  fs::path path = folder_ / "log.000001";
  std::string name = path.string();
  struct Case {
    std::string bytes, message;
    Fault fault = Fault::Usage;
  };
  std::string huge = good, small = good;
  size_t second = 4 + static_cast<uint8_t>(good[13]);  // behind the format description
  huge.replace(second + 9, 4, "\xff\xff\xff\x7f");
  small.replace(second + 9, 4, std::string("\x05\0\0\0", 4));
  for (const Case& test : std::vector<Case>{
           {"",
            name + " is empty; a binlog begins with the 4 bytes fe 62 69 6e. Copy it again from its server"},
           {"hello",
            name + " is not a binlog: it begins with the bytes 68 65 6c 6c, a binlog with fe 62 69 6e"},
           {"\xfd\x62\x69\x6e.....",
            name + " is encrypted (binlog_encryption). Read the log through its server, which "
                   "decrypts it: sluice tail URL --from start"},
           {good.substr(0, 10),
            name + " is cut at byte 10, before its first event ends. Copy it again from its server"},
           {good.substr(0, 4) + good.substr(second),
            name + " begins with a PREVIOUS_GTIDS event and not with a format "
                   "description: it was written before MySQL 5.0, or it is "
                   "damaged"},
           {huge,
            name + " is damaged at byte " + std::to_string(second) +
                ": what stands there says it is an event of 2147483647 bytes. Copy it again from its server",
            Fault::Fatal},
           {small,
            name + " is damaged at byte " + std::to_string(second) +
                ": what stands there says it is an event of 5 bytes. Copy it again from its server",
            Fault::Fatal},
           {good.substr(0, good.size() - 1),
            name + " is cut at byte " + std::to_string(good.size() - 1) +
                ": the XID event of 31 bytes that begins at byte " + std::to_string(good.size() - 31) +
                " is not whole. Its server had not closed it: read it through the server, or copy it again "
                "after FLUSH "
                "BINARY LOGS",
            Fault::Fatal},
           {good.substr(0, good.size() - 31),
            name + " ends at byte " + std::to_string(good.size() - 31) +
                " inside a transaction. Copy it again from its server",
            Fault::Fatal},
       }) {
    write_file(path, test.bytes);
    Reading reading = read_all({.paths = {path}});
    EXPECT_EQ(reading.error, test.message);
    EXPECT_EQ(reading.fault, test.fault) << test.message;
  }
}

TEST_F(BadLogFiles, PathsAndPositionsThatNameNothingAreTheOperatorsMistake) {
  std::string recorded = kCases / "mysql-9.7";
  fs::create_directory(folder_ / "empty");
  fs::create_directory(folder_ / "two");
  write_file(folder_ / "two/a.000001", "");
  write_file(folder_ / "two/b.000001", "");
  write_file(folder_ / "x.index", "./gone.000001\n");
  Position absent, beyond, amid;
  absent.file = "binlog.000009";
  beyond.file = amid.file = "binlog.000001";
  beyond.offset = 5000;
  amid.offset = 200;
  std::string f = folder_;
  struct Case {
    std::string path, message;
    Position from = {};
  };
  for (const Case& test : std::vector<Case>{
           {f + "/absent", "cannot find the log file " + f + "/absent: No such file or directory"},
           {f + "/empty",
            "the folder " + f + "/empty holds no log files; they are called base.000001 and so on"},
           {f + "/two", "the folder " + f +
                            "/two holds the logs of more than one series, a and b: name the files of one (" +
                            f + "/two/a.*)"},
           {f + "/x.index", "cannot find the log file " + f + "/gone.000001: No such file or directory"},
           {recorded,
            "the log file binlog.000009, where reading is to begin, is not among those given (" + recorded +
                "/binlog.000001 … " + recorded + "/binlog.000003)",
            absent},
           {recorded, recorded + "/binlog.000001 has 917 bytes; reading cannot begin at byte 5000", beyond},
           {recorded,
            "no event begins at byte 200 of " + recorded +
                "/binlog.000001; mysqlbinlog shows where transactions begin (# at …)",
            amid},
       }) {
    Reading reading = read_all({.paths = {test.path}, .from = test.from});
    EXPECT_EQ(reading.error, test.message);
    EXPECT_EQ(reading.fault, Fault::Usage) << test.message;
  }
}

TEST_F(BadLogFiles, AnInterruptEndsAWaitForAStream) {
  fs::path pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  int writer = ::open(pipe.c_str(), O_RDWR);
  Catalogue catalogue;
  Selection selection;
  auto source = make_binlog_file_source({.paths = {pipe}}, catalogue, selection);
  ASSERT_TRUE(source->open({}));
  Batch quiet;
  auto more = source->read(quiet);
  ASSERT_TRUE(more && *more == Source::More::Yes);
  EXPECT_TRUE(quiet.empty());
  std::thread other([&] { source->interrupt(); });
  Batch batch;
  more = source->read(batch);
  other.join();
  ::close(writer);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().fault, Fault::Stopped);
}

}  // namespace
}  // namespace sluice
