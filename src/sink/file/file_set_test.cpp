#include "sink/file/file_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "support/delivery.h"
#include "support/folder.h"
#include "support/sanitized.h"
#include "support/zstd_file.h"

namespace sluice {
namespace {

using file::Compression;
using test::Lines;
using testing::HasSubstr;
namespace fs = std::filesystem;

class FileSetTest : public testing::Test {
 protected:
  std::unique_ptr<Sink> open(const std::string& note = "") {
    auto sink = std::make_unique<file::FileSet>(options_);
    auto opened = sink->open(note);
    EXPECT_TRUE(opened) << opened.error().what;
    return sink;
  }
  std::string fault(const std::string& note = "") {
    auto opened = file::FileSet(options_).open(note);
    return opened ? "no fault" : opened.error().what;
  }
  std::string at(const std::string& table) const { return folder_ / "shop/" + table; }
  std::string text(const std::string& table) const { return test::read_file(at(table)); }
  bool there(const std::string& table) const { return fs::exists(at(table)); }
  // Without the journal's.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
      std::string name = entry.path().filename();
      if (entry.is_regular_file() && !name.starts_with(".sluice")) all.push_back(name);
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  static std::string write(Sink& sink, const Delivery& delivery) {
    auto written = sink.write(delivery);
    return written ? "" : written.error().what;
  }

  test::TemporaryFolder folder_;
  FileOptions options_{.path = folder_ / "{database}/{table}", .sync = false};
};

TEST_F(FileSetTest, TakesBackWhatCameAfterTheCheckpointInEveryFile) {
  std::string note;
  {
    auto sink = open();
    EXPECT_EQ(names().size(), 0U);
    ASSERT_EQ(write(*sink, Lines(1).add("a1", at("a")).add("b1", at("b")).add("a2", at("a")).delivery()), "");
    Lines part(2);
    part.add("a3", at("a")).add("a4-open", at("a")).add("c1-open", at("c"));
    ASSERT_EQ(write(*sink, part.delivery(1)), "");
    note = sink->note();
    ASSERT_EQ(write(*sink, Lines(3).add("b2-open", at("b")).add("d1", at("d")).delivery(Delivery::kInside)),
              "");
    EXPECT_EQ(sink->note(), note) << "inside a transaction the checkpoint stays";
    ASSERT_EQ(write(*sink, Lines(4).add("a5", at("a")).delivery()), "");
    EXPECT_EQ(text("a"), "a1\na2\na3\na4-open\na5\n");
    EXPECT_NE(sink->note(), note);
  }
  auto sink = open(note);
  EXPECT_EQ(text("a"), "a1\na2\na3\n");
  EXPECT_EQ(text("b"), "b1\n");
  EXPECT_FALSE(there("c"));
  EXPECT_FALSE(there("d"));
  ASSERT_EQ(write(*sink, Lines(1).add("c1", at("c")).add("a4", at("a")).delivery()), "");
  EXPECT_EQ(text("a"), "a1\na2\na3\na4\n");
  EXPECT_EQ(text("c"), "c1\n");
}

// After a power failure the state may come up with an older note.
TEST_F(FileSetTest, GoesBackSeveralCheckpoints) {
  std::vector<std::string> notes;
  {
    auto sink = open();
    notes.push_back(sink->note());
    for (int i = 0; i < 5; ++i) {
      ASSERT_EQ(write(*sink, Lines(1).add("x", at("a")).add("y", at(fmt::format("n{}", i))).delivery()), "");
      notes.push_back(sink->note());
    }
  }
  for (size_t i = notes.size(); i-- > 0;) {
    open(notes[i]);
    EXPECT_EQ(text("a").size(), 2 * i);
    EXPECT_EQ(names().size(), i == 0 ? 0 : i + 1);
  }
}

TEST_F(FileSetTest, HoldsFewFilesOpen) {
  options_.open_files = 3;
  auto sink = open();
  std::map<std::string, std::string> expected;
  for (int i = 0; i < 40; ++i) {
    Lines lines(static_cast<uint64_t>(i) + 1);
    for (int k = 0; k < 10; ++k) {
      std::string table = fmt::format("t{}", (i * 7 + k * 3) % 20), line = fmt::format("{}-{}", i, k);
      lines.add(line, at(table));
      expected[table] += line + "\n";
    }
    ASSERT_EQ(write(*sink, lines.delivery()), "");
    ASSERT_TRUE(sink->tick());
    size_t open_here = 0;
    for (const auto& fd : fs::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      open_here += fs::read_symlink(fd.path(), gone).string().starts_with(folder_ / "shop/");
    }
    ASSERT_LE(open_here, 3U);
  }
  for (const auto& [table, lines] : expected) EXPECT_EQ(text(table), lines) << table;
}

// Twenty thousand files, of which 1,000 are known at a time: what is forgotten is appended to when it is
// written again, and a restart takes back what came behind the checkpoint, of known files and forgotten ones
// alike, also of those that the journal's new segment does not tell of.
TEST_F(FileSetTest, ForgetsTheFilesWrittenLongestAgo) {
  constexpr size_t kFiles = test::kSanitized ? 2'000 : 20'000, kKnown = kFiles / 20, kAtOnce = 500;
  options_.known_files = kKnown;
  std::string note;
  uint64_t sequence = 0;
  const std::string folder(230, 'f');  // so that the journal grows
  auto name = [&](size_t i) { return folder + "/t" + std::to_string(i); };
  auto round = [&](Sink& sink, const std::string& line) {
    for (size_t i = 0; i < kFiles; i += kAtOnce) {
      Lines lines(++sequence);
      for (size_t j = i; j < i + kAtOnce; ++j) lines.add(line, at(name(j)));
      ASSERT_EQ(write(sink, lines.delivery()), "");
      note = sink.note();
    }
  };
  {
    auto sink = open();
    for (const char* line : {"one", "two", "three"}) round(*sink, line);
    EXPECT_EQ(text(name(0)), "one\ntwo\nthree\n");
    if (!test::kSanitized) { EXPECT_THAT(note, HasSubstr("files 2 ")); }
    // Not saved: of files that were forgotten, and of the ones written last.
    Lines lost(++sequence);
    for (size_t i : {size_t{0}, size_t{1}, kFiles - 1}) lost.add("lost", at(name(i)));
    lost.add("lost", at("fresh"));
    ASSERT_EQ(write(*sink, lost.delivery(Delivery::kInside)), "");
    EXPECT_EQ(text(name(0)), "one\ntwo\nthree\nlost\n");
  }
  auto sink = open(note);
  EXPECT_FALSE(there("fresh"));
  round(*sink, "four");
  for (size_t i = 0; i < kFiles; ++i) ASSERT_EQ(text(name(i)), "one\ntwo\nthree\nfour\n") << i;
  EXPECT_EQ(names().size(), kFiles);
}

TEST_F(FileSetTest, TurnsOverWhatIsSavedAndNeverTouchesItAgain) {
  options_.rotate_bytes = 4;
  std::string note;
  {
    auto sink = open();
    ASSERT_EQ(write(*sink, Lines(1).add("a1", at("a")).add("a2", at("a")).add("b1", at("b")).delivery()), "");
    note = sink->note();
    EXPECT_EQ(names(), (std::vector<std::string>{"a", "b"}));
    // The process dies before the note that follows is saved.
    ASSERT_EQ(write(*sink, Lines(2).add("a3", at("a")).delivery()), "");
    EXPECT_EQ(names().size(), 3U);
    EXPECT_EQ(text("a"), "a3\n");
  }
  auto sink = open(note);
  EXPECT_FALSE(there("a"));
  EXPECT_EQ(text("b"), "b1\n");
  ASSERT_EQ(names().size(), 2U);
  std::string rotated = names()[0];
  EXPECT_EQ(text(rotated), "a1\na2\n");
  ASSERT_EQ(write(*sink, Lines(1).add("a3", at("a")).delivery()), "");
  EXPECT_EQ(text("a"), "a3\n");
  ASSERT_EQ(write(*sink, Lines(2).add("a4", at("a")).add("a5-open", at("a")).delivery(1)), "");
  ASSERT_TRUE(sink->tick());
  EXPECT_EQ(text("a"), "a3\na4\na5-open\n") << "not inside a transaction";
  ASSERT_EQ(write(*sink, Lines(3).add("b2", at("b")).delivery()), "");
  note = sink->note();
  ASSERT_TRUE(sink->tick());
  EXPECT_NE(sink->note(), note);
  EXPECT_FALSE(there("a"));
  EXPECT_FALSE(there("b"));
  EXPECT_EQ(names().size(), 3U);
  sink.reset();
  open(note);
  EXPECT_EQ(names().size(), 3U);
}

// The journal says that it is turned over before it is.
TEST_F(FileSetTest, DiesBeforeAFileIsRenamed) {
  options_.rotate_bytes = 1;
  std::string note;
  {
    auto sink = open();
    ASSERT_EQ(write(*sink, Lines(1).add("a1", at("a")).delivery()), "");
    note = sink->note();
    ASSERT_TRUE(sink->tick());
  }
  ASSERT_EQ(names().size(), 1U);
  fs::rename(at(names()[0]), at("a"));
  auto sink = open(note);
  EXPECT_EQ(text("a"), "a1\n");
}

TEST_F(FileSetTest, TurnsOverByTime) {
  options_.rotate_age = std::chrono::milliseconds(30);
  auto sink = open();
  ASSERT_EQ(write(*sink, Lines(1).add("a1", at("a")).delivery()), "");
  ASSERT_TRUE(sink->tick());
  EXPECT_TRUE(there("a"));
  std::this_thread::sleep_for(std::chrono::milliseconds(40));
  ASSERT_TRUE(sink->tick());
  EXPECT_FALSE(there("a"));
  EXPECT_EQ(names().size(), 1U);
}

TEST_F(FileSetTest, HeadingsOfEachFile) {
  std::string note;
  {
    auto sink = open();
    Lines lines(1);
    lines.add("1", at("a")).add("2", at("b")).add("3", at("a")).add("4", at("a"));
    lines.under(0, "A").under(1, "B").under(3, "A2");
    ASSERT_EQ(write(*sink, lines.delivery(3)), "");
    note = sink->note();
    EXPECT_EQ(text("a"), "A\n1\n3\nA2\n4\n");
    EXPECT_EQ(text("b"), "B\n2\n");
  }
  auto sink = open(note);
  EXPECT_EQ(text("a"), "A\n1\n3\n");
  ASSERT_EQ(
      write(*sink, Lines(1).add("4", at("a")).add("5", at("b")).under(0, "A2").under(1, "B").delivery()), "");
  ASSERT_EQ(write(*sink, Lines(2).add("6", at("a")).under(0, "A2").delivery()), "");
  EXPECT_EQ(text("a"), "A\n1\n3\nA2\n4\n6\n");
  EXPECT_EQ(text("b"), "B\n2\n5\n");
}

TEST_F(FileSetTest, CompressedFilesAreWholeAtEveryCheckpoint) {
  for (Compression compression : {Compression::Zstd, Compression::Gzip}) {
    options_.compression = compression;
    std::string name = at("a") + std::string(file::suffix_of(compression)), note;
    auto unpacked = [&] {
      std::string bytes = test::read_file(name);
      return compression == Compression::Zstd ? test::unzip(bytes) : test::gunzip(bytes);
    };
    {
      auto sink = open();
      ASSERT_EQ(write(*sink, Lines(1).add("a1", at("a")).add("a2-open", at("a")).delivery(1)), "");
      note = sink->note();
      EXPECT_EQ(unpacked().bytes, "a1\na2-open\n");
      EXPECT_TRUE(unpacked().whole);
    }
    auto sink = open(note);
    EXPECT_EQ(unpacked().bytes, "a1\n");
    EXPECT_TRUE(unpacked().whole);
    ASSERT_EQ(write(*sink, Lines(1).add("a2", at("a")).delivery()), "");
    EXPECT_EQ(unpacked().bytes, "a1\na2\n");
  }
}

TEST_F(FileSetTest, MeetsWhatIsThereAlready) {
  fs::create_directory(folder_ / "shop");
  test::write_file(at("a"), "old\n");
  test::write_file(at("half"), "half a li");
  test::write_file(at("z.gz"), "who knows");
  std::string note;
  {
    auto sink = open();
    note = sink->note();
    ASSERT_EQ(write(*sink, Lines(1).add("new", at("a")).delivery()), "");
    EXPECT_EQ(text("a"), "old\nnew\n");
    EXPECT_THAT(write(*sink, Lines(2).add("x", at("half")).delivery()),
                HasSubstr("ends in the middle of a line"));
  }
  {
    auto sink = open(note);
    EXPECT_EQ(text("a"), "old\n");
  }
  options_.compression = Compression::Gzip;
  auto sink = open();
  ASSERT_EQ(write(*sink, Lines(1).add("new", at("z.gz")).delivery()), "");
  EXPECT_EQ(test::gunzip(text("z.gz")).bytes, "new\n");
  EXPECT_EQ(names().size(), 4U);
}

TEST_F(FileSetTest, RefusesWhatSomebodyElseDid) {
  std::string note;
  {
    auto sink = open();
    EXPECT_THAT(fault(), HasSubstr("another process writes it, or another sink"));
    ASSERT_EQ(write(*sink, Lines(1).add("a1", at("a")).add("b1", at("b")).delivery()), "");
    note = sink->note();
    fs::rename(at("a"), at("stolen"));
    auto ticked = sink->tick();
    ASSERT_FALSE(ticked);
    EXPECT_THAT(ticked.error().what, HasSubstr("was moved, replaced or removed"));
  }
  EXPECT_THAT(fault(note), HasSubstr("it has 0 bytes, but 3 were written and reported safe"));
  fs::rename(at("stolen"), at("a"));
  EXPECT_EQ(fault(note), "no fault");
  for (const auto& entry : fs::directory_iterator(folder_.path())) {
    if (entry.path().extension() == ".000001") fs::remove(entry.path());
  }
  EXPECT_THAT(fault(note), HasSubstr(".000001 is gone, which tells what was written after the checkpoint"));
}

TEST_F(FileSetTest, BeginsAnewWhereThePathWasAnother) {
  EXPECT_EQ(fault("2 1 4 0 0 0 /a/single/file"), "no fault");
  EXPECT_EQ(fault("files 7 1000 /another/{template}"), "no fault");
  std::string note = open()->note();
  auto single = make_file_sink({.path = folder_ / "one", .sync = false});
  auto opened = single->open(note);
  EXPECT_TRUE(opened) << opened.error().what;
}

TEST_F(FileSetTest, SaysWhatIsWrongWithAPlace) {
  options_.path = folder_ / "none/{table}";
  EXPECT_THAT(fault(), HasSubstr("its folder does not exist; create it"));
  options_.path = folder_ / "{database}/{table}";
  auto sink = open();
  fs::create_directories(at("folder"));
  EXPECT_THAT(write(*sink, Lines(1).add("x", at("folder")).delivery()), HasSubstr("it is a folder"));
  test::write_file(at("file"), "");
  EXPECT_THAT(write(*sink, Lines(1).add("x", at("file/x")).delivery()),
              HasSubstr("is a file where a folder should be"));
  fs::create_symlink("/etc/passwd", at("link"));
  EXPECT_THAT(write(*sink, Lines(1).add("x", at("link")).delivery()), HasSubstr("is a symbolic link"));
  ASSERT_EQ(write(*sink, Lines(1).add("x", at("deep/er/and/deeper")).delivery()), "");
  EXPECT_EQ(text("deep/er/and/deeper"), "x\n");
}

// As where the template of a rule begins in a folder with a shorter name.
TEST_F(FileSetTest, MakesTheFoldersOfAnotherTemplate) {
  test::TemporaryFolder other;
  fs::create_directories(folder_ / std::string(200, 'd'));
  options_.path = folder_ / (std::string(200, 'd') + "/{table}");
  auto sink = open();
  ASSERT_EQ(write(*sink, Lines(1).add("x", other / "shop/t").delivery()), "");
  EXPECT_EQ(test::read_file(other / "shop/t"), "x\n");
}

TEST_F(FileSetTest, LooksAtItsFolderWithoutMakingAnything) {
  auto words = [&] { return file::FileSet(options_).look().error().what; };
  options_.path = folder_ / "none/{table}";
  EXPECT_EQ(words(), fault());
  test::write_file(folder_ / "file", "");
  options_.path = folder_ / "file/{table}";
  EXPECT_EQ(words(), fault());
  options_.path = folder_ / "{table}";
  EXPECT_TRUE(file::FileSet(options_).look());
  EXPECT_FALSE(fs::exists(folder_ / "none"));
}

TEST_F(FileSetTest, ADamagedJournalIsRefusedAndATornEndIsNone) {
  std::string note, journal;
  {
    auto sink = open();
    ASSERT_EQ(write(*sink, Lines(1).add("a1", at("a")).delivery()), "");
    note = sink->note();
  }
  for (const auto& entry : fs::directory_iterator(folder_.path())) {
    if (entry.path().extension() == ".000001") journal = entry.path();
  }
  std::string good = test::read_file(journal);
  test::write_file(journal, good + "00000000 w 3 9 0 0 torn");
  EXPECT_EQ(fault(note), "no fault");
  EXPECT_EQ(test::read_file(journal), good);
  std::string bad = good;
  bad[12] ^= 1;
  test::write_file(journal, bad);
  EXPECT_THAT(fault(note), HasSubstr("is damaged at byte 0, before the checkpoint"));
}

TEST_F(FileSetTest, TheJournalDoesNotGrowForEver) {
  auto sink = open();
  std::string name(150, 'n'), expected;
  uintmax_t most = 0;
  std::vector<std::string> notes;
  for (int i = 0; i < 500; ++i) {
    Lines lines(1);
    for (int k = 0; k < 500; ++k) lines.add("x", at(fmt::format("{}{}", name, k)));
    ASSERT_EQ(write(*sink, lines.delivery()), "");
    notes.push_back(sink->note());
    uintmax_t all = 0;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      if (entry.is_regular_file()) all += entry.file_size();
    }
    most = std::max(most, all);
  }
  EXPECT_GT(most, file::Journal::kSegmentBytes) << "nothing was left behind";
  EXPECT_LT(most, 3 * file::Journal::kSegmentBytes);
  sink.reset();
  open(notes[480]);
  EXPECT_EQ(text(name + "7").size(), 2 * 481U);
}

}  // namespace
}  // namespace sluice
