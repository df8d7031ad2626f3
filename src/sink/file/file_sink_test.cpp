#include "sink/file/file_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "sink/file/file_names.h"
#include "sink/file/file_note.h"
#include "support/child.h"
#include "support/delivery.h"
#include "support/folder.h"
#include "support/zstd_file.h"

namespace sluice {
namespace {

using test::Lines;
using testing::HasSubstr;

std::unique_ptr<Sink> open_sink(const FileOptions& options, const std::string& saved = "") {
  auto sink = make_file_sink(options);
  auto opened = sink->open(saved);
  EXPECT_TRUE(opened) << opened.error().what;
  return sink;
}

std::string fault_of(const FileOptions& options, const std::string& saved = "") {
  auto opened = make_file_sink(options)->open(saved);
  return opened ? "no fault" : opened.error().what;
}

std::string unpacked(std::string_view bytes, file::Compression compression) {
  switch (compression) {
    case file::Compression::None: return std::string(bytes);
    case file::Compression::Zstd: return test::unzip(bytes).bytes;
    case file::Compression::Gzip: return test::gunzip(bytes).bytes;
  }
  return {};
}

std::set<std::string> names_in(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.insert(entry.path().filename());
  return names;
}

class FileSinkTest : public testing::Test {
 protected:
  std::string text() const { return test::read_file(plain_.path); }

  test::TemporaryFolder folder_;
  FileOptions plain_{.path = folder_ / "changes.jsonl"};
  FileOptions zstd_{.path = folder_ / "changes.jsonl", .compression = file::Compression::Zstd};
};

TEST_F(FileSinkTest, TakesBackWhatCameAfterTheCheckpoint) {
  std::string note;
  {
    auto sink = open_sink(plain_);
    ASSERT_TRUE(sink->write(Lines(1, {"a", "b"}).delivery()));
    ASSERT_TRUE(sink->write(Lines(2, {"c", "d-open"}).delivery(1)));
    note = sink->note();
    ASSERT_TRUE(sink->write(Lines(3, {"e-open"}).delivery(Delivery::kInside)));
    EXPECT_EQ(sink->note(), note) << "inside a transaction the checkpoint stays";
    EXPECT_EQ(text(), "a\nb\nc\nd-open\ne-open\n");
  }
  auto sink = open_sink(plain_, note);
  EXPECT_EQ(text(), "a\nb\nc\n");
  ASSERT_TRUE(sink->write(Lines(1, {"d"}).delivery()));
  EXPECT_EQ(text(), "a\nb\nc\nd\n");
}

TEST_F(FileSinkTest, MovesTheCheckpointBehindATransactionThatNoOneSees) {
  auto sink = open_sink(plain_);
  ASSERT_TRUE(sink->write(Lines(1, {"a"}).delivery(Delivery::kInside)));
  std::string before = sink->note();
  ASSERT_TRUE(sink->write(Lines(2, {"b-open"}).delivery(0)));
  EXPECT_NE(sink->note(), before);
  std::string note = sink->note();
  sink.reset();
  open_sink(plain_, note);
  EXPECT_EQ(text(), "a\n");
}

TEST_F(FileSinkTest, AppendsToWhatIsThereAtTheFirstStart) {
  test::write_file(plain_.path, "old\n");
  auto sink = open_sink(plain_);
  ASSERT_TRUE(sink->write(Lines(1, {"new"}).delivery()));
  EXPECT_EQ(text(), "old\nnew\n");
  sink.reset();
  test::write_file(plain_.path, "half a li");
  sink = open_sink(plain_);
  auto refused = sink->write(Lines(1, {"new"}).delivery());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, HasSubstr("ends in the middle of a line"));
  EXPECT_EQ(text(), "half a li");
}

TEST_F(FileSinkTest, RefusesAFileThatSomebodyCutOrRemoved) {
  std::string note;
  {
    auto sink = open_sink(plain_);
    ASSERT_TRUE(sink->write(Lines(1, {"a", "b"}).delivery()));
    note = sink->note();
  }
  test::write_file(plain_.path, "a\n");
  EXPECT_THAT(fault_of(plain_, note), HasSubstr("it has 2 bytes, but 4 were written and reported safe"));
  unlink(plain_.path.c_str());
  EXPECT_THAT(fault_of(plain_, note), HasSubstr("it has 0 bytes, but 4 were written"));
  EXPECT_THAT(fault_of(plain_, "2 x"), HasSubstr("cannot be read: `2 x`"));
}

TEST_F(FileSinkTest, NoticesThatItsFileWasMovedAway) {
  auto sink = open_sink(plain_);
  ASSERT_TRUE(sink->tick());
  std::filesystem::rename(plain_.path, folder_ / "stolen");
  auto result = sink->tick();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().fault, Fault::Fatal);
  EXPECT_THAT(result.error().what, HasSubstr("was moved, replaced or removed while it was being written"));
}

TEST_F(FileSinkTest, BelongsToOneWriter) {
  auto sink = open_sink(plain_);
  EXPECT_THAT(fault_of(plain_), HasSubstr("another process writes it"));
  sink->close();
  EXPECT_EQ(fault_of(plain_), "no fault");
}

TEST_F(FileSinkTest, SaysWhatIsWrongWithItsPath) {
  EXPECT_THAT(fault_of({.path = folder_ / "none/x"}), HasSubstr("its folder does not exist; create it"));
  EXPECT_THAT(fault_of({.path = folder_.path()}), HasSubstr("it is a folder"));
  EXPECT_THAT(fault_of({.path = "/dev/null"}), HasSubstr("no ordinary file"));
  test::write_file(folder_ / "file", "");
  EXPECT_THAT(fault_of({.path = folder_ / "file/x"}), HasSubstr("is a file where a folder should be"));
  ASSERT_EQ(symlink("file", (folder_ / "link").c_str()), 0);
  EXPECT_THAT(fault_of({.path = folder_ / "link"}), HasSubstr("is a symbolic link"));
  ASSERT_EQ(chmod(folder_.path().c_str(), 0555), 0);
  std::string denied = test::in_child([&] {
    test::become_nobody();
    return fault_of(plain_);
  });
  EXPECT_THAT(denied,
              HasSubstr("cannot open " + plain_.path + ": Permission denied; give this user the right"));

  Settings settings(file_sink.options);
  ASSERT_TRUE(settings.set("path", {"logs/"}, "sluice.yaml:7:9"));
  auto made = file_sink.make(settings);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().what, "sluice.yaml:7:9: `path` must name a file, not `logs/`");
}

TEST_F(FileSinkTest, TurnsOverBySizeAndLeavesOldFilesAlone) {
  plain_.rotate_bytes = 4;
  std::string note;
  {
    auto sink = open_sink(plain_);
    ASSERT_TRUE(sink->write(Lines(1, {"a", "b"}).delivery()));
    EXPECT_EQ(names_in(folder_.path()).size(), 1u);
    note = sink->note();  // the process dies before what follows is saved
    ASSERT_TRUE(sink->write(Lines(2, {"c"}).delivery()));
    EXPECT_EQ(text(), "c\n");
  }
  auto rotated = file::find_rotated(plain_.path, 1);
  ASSERT_TRUE(rotated);
  EXPECT_EQ(test::read_file(*rotated), "a\nb\n");
  auto sink = open_sink(plain_, note);
  EXPECT_EQ(test::read_file(*rotated), "a\nb\n");
  EXPECT_EQ(text(), "");
  ASSERT_TRUE(sink->write(Lines(1, {"c"}).delivery()));
  ASSERT_TRUE(sink->write(Lines(2, {"d", "e"}).delivery()));
  ASSERT_TRUE(sink->write(Lines(3, {"f"}).delivery()));
  EXPECT_EQ(test::read_file(file::find_rotated(plain_.path, 2).value()), "c\nd\ne\n");
  EXPECT_EQ(text(), "f\n");
  // A first start without a note goes on counting.
  sink.reset();
  sink = open_sink(plain_);
  EXPECT_EQ(file::FileNote::parse(sink->note()).value().number, 3u);
}

// After a power failure the note may be older than what was turned over since.
TEST_F(FileSinkTest, KeepsWhatWasTurnedOverWhenItsNoteIsOld) {
  plain_.rotate_bytes = 1;
  std::string note;
  {
    auto sink = open_sink(plain_);
    ASSERT_TRUE(sink->write(Lines(1, {"a"}).delivery()));
    note = sink->note();
    ASSERT_TRUE(sink->write(Lines(2, {"b"}).delivery()));
    ASSERT_TRUE(sink->write(Lines(3, {"c"}).delivery()));
  }
  auto sink = open_sink(plain_, note);
  EXPECT_EQ(file::FileNote::parse(sink->note()).value().number, 3u);
  ASSERT_TRUE(sink->write(Lines(1, {"b"}).delivery()));
  EXPECT_EQ(test::read_file(file::find_rotated(plain_.path, 1).value()), "a\n");
  EXPECT_EQ(test::read_file(file::find_rotated(plain_.path, 2).value()), "b\n");
  EXPECT_EQ(text(), "b\n");
}

TEST_F(FileSinkTest, DoesNotTurnOverInsideATransaction) {
  plain_.rotate_bytes = 1;
  auto sink = open_sink(plain_);
  ASSERT_TRUE(sink->write(Lines(1, {"a", "b-open"}).delivery(1)));
  ASSERT_TRUE(sink->tick());
  ASSERT_TRUE(sink->write(Lines(2, {"c"}).delivery()));
  EXPECT_EQ(text(), "a\nb-open\nc\n");
  ASSERT_TRUE(sink->tick());
  EXPECT_EQ(text(), "");
}

// One in front of the rows, again where the columns change and at the beginning of every file; not again
// after a restart.
TEST_F(FileSinkTest, WritesHeadingsWhereTheyAreNeeded) {
  std::string note;
  {
    auto sink = open_sink(plain_);
    ASSERT_TRUE(sink->write(Lines(1, {"1", "2"}).under(0, "a").delivery()));
    ASSERT_TRUE(sink->write(Lines(2, {"3", "4", "5-open"}).under(0, "a").under(1, "b").delivery(2)));
    note = sink->note();
    ASSERT_TRUE(sink->write(Lines(3, {"6-open"}).under(0, "c").delivery(Delivery::kInside)));
    EXPECT_EQ(text(), "a\n1\n2\n3\nb\n4\n5-open\nc\n6-open\n");
  }
  plain_.rotate_bytes = 1;
  auto sink = open_sink(plain_, note);
  EXPECT_EQ(text(), "a\n1\n2\n3\nb\n4\n");
  ASSERT_TRUE(sink->write(Lines(1, {}).delivery()));
  EXPECT_EQ(text(), "") << "turned over";
  ASSERT_TRUE(sink->write(Lines(2, {"5"}).under(0, "b").delivery()));
  EXPECT_EQ(text(), "b\n5\n");
}

TEST_F(FileSinkTest, TurnsOverByTimeButNotWhatIsEmpty) {
  plain_.rotate_age = std::chrono::milliseconds(30);
  auto sink = open_sink(plain_);
  std::this_thread::sleep_for(std::chrono::milliseconds(40));
  ASSERT_TRUE(sink->tick());
  EXPECT_EQ(names_in(folder_.path()).size(), 1u);
  ASSERT_TRUE(sink->write(Lines(1, {"a"}).delivery()));
  std::string before = sink->note();
  ASSERT_TRUE(sink->tick());
  EXPECT_EQ(text(), "");
  EXPECT_EQ(names_in(folder_.path()).size(), 2u);
  EXPECT_NE(sink->note(), before) << "the lane saves the new note at once";
  // Dies before it does.
  sink.reset();
  open_sink(plain_, before);
  EXPECT_EQ(test::read_file(file::find_rotated(plain_.path, 1).value()), "a\n");
}

TEST_F(FileSinkTest, CompressedGoesOnBehindTheCheckpoint) {
  std::string path = plain_.path + ".zst";
  std::string note;
  {
    auto sink = open_sink(zstd_);
    ASSERT_TRUE(sink->write(Lines(1, {"a", "b-open"}).delivery(1)));
    note = sink->note();
    EXPECT_EQ(test::unzip(test::read_file(path)).bytes, "a\nb-open\n") << "readable as soon as it is safe";
    ASSERT_TRUE(sink->write(Lines(2, {"c-open"}).delivery(Delivery::kInside)));
  }
  auto sink = open_sink(zstd_, note);
  ASSERT_TRUE(sink->write(Lines(1, {"b"}).delivery()));
  sink->close();
  auto unzipped = test::unzip(test::read_file(path));
  EXPECT_EQ(unzipped.bytes, "a\nb\n");
  EXPECT_TRUE(unzipped.whole);
  std::string shut = test::read_file(path);
  sink = open_sink(zstd_, sink->note());
  ASSERT_TRUE(sink->write(Lines(2, {"c"}).delivery()));
  EXPECT_EQ(test::unzip(test::read_file(path)).bytes, "a\nb\nc\n");
}

// Whatever a reader is given that was cut at a checkpoint is a whole file.
TEST_F(FileSinkTest, GzipEndsInAWholeMemberAtEveryCheckpoint) {
  FileOptions gzip{.path = plain_.path, .compression = file::Compression::Gzip};
  std::string path = plain_.path + ".gz", note;
  {
    auto sink = open_sink(gzip);
    ASSERT_TRUE(sink->write(Lines(1, {"a", "b-open"}).delivery(1)));
    note = sink->note();
    EXPECT_EQ(test::gunzip(test::read_file(path)).bytes, "a\nb-open\n");
    EXPECT_TRUE(test::gunzip(test::read_file(path)).whole);
    ASSERT_TRUE(sink->write(Lines(2, {"c-open"}).delivery(Delivery::kInside)));
  }
  auto sink = open_sink(gzip, note);
  EXPECT_EQ(test::gunzip(test::read_file(path)).bytes, "a\n");
  EXPECT_TRUE(test::gunzip(test::read_file(path)).whole);
  ASSERT_TRUE(sink->write(Lines(1, {"b"}).delivery()));
  EXPECT_EQ(test::gunzip(test::read_file(path)).bytes, "a\nb\n");
}

TEST_F(FileSinkTest, CompressedKeepsAsideWhatItDoesNotKnow) {
  test::write_file(plain_.path + ".zst", "who knows");
  auto sink = open_sink(zstd_);
  ASSERT_TRUE(sink->write(Lines(1, {"a"}).delivery()));
  EXPECT_EQ(test::read_file(file::find_rotated(plain_.path + ".zst", 1).value()), "who knows");
  EXPECT_EQ(test::unzip(test::read_file(plain_.path + ".zst")).bytes, "a\n");
}

// Of every kind: a partial write is taken back, and the delivery comes again once there is room.
class FullDisk : public testing::TestWithParam<file::Compression> {};

TEST_P(FullDisk, GoesOnWhenThereIsRoom) {
  test::TemporaryFolder folder;
  std::string told = test::in_child([&]() -> std::string {
    test::mount_small_disk(folder.path(), 256 * 1024);
    auto sink = make_file_sink({.path = folder / "out", .compression = GetParam()});
    std::string path = (folder / "out") + std::string(file::suffix_of(GetParam()));
    auto lines_in = [&] { return unpacked(test::read_file(path), GetParam()); };
    if (!sink->open("") || !sink->write(Lines(1, {"first"}).delivery())) return "cannot begin";
    uint64_t size = std::filesystem::file_size(path);
    std::string ballast = folder / "ballast";
    test::write_file(ballast, std::string(200'000, 'x'));
    // Noise, so that compressing needs the room, too.
    Lines lines(2);
    uint64_t noise = 1;
    for (int i = 0; i < 12'000; ++i) lines.add(fmt::format("{:x}", noise *= 0x9e3779b97f4a7c15u));
    for (int i = 0; i < 3; ++i) {
      auto full = sink->write(lines.delivery());
      if (full || full.error().fault != Fault::Retryable) return "the full disk was not noticed";
      if (std::filesystem::file_size(path) != size) return "the partial write was not taken back";
      if (!sink->reopen()) return "cannot reopen";
    }
    unlink(ballast.c_str());
    if (auto written = sink->write(lines.delivery()); !written) return written.error().what;
    sink->close();
    return lines_in() == "first\n" + lines.bytes() ? "good" : "not the same lines";
  });
  EXPECT_EQ(told, "good");
}

INSTANTIATE_TEST_SUITE_P(FileSink, FullDisk,
                         testing::Values(file::Compression::None, file::Compression::Zstd,
                                         file::Compression::Gzip));

TEST(FileNames, TellWhatWasTurnedOver) {
  struct {
    const char* path;
    const char* rotated;
  } cases[] = {
      {"changes.jsonl", "changes-20260115T103000Z-000042.jsonl"},
      {"/var/log/a.b/changes", "/var/log/a.b/changes-20260115T103000Z-000042"},
      {"x/changes.v2.jsonl.zst", "x/changes.v2-20260115T103000Z-000042.jsonl.zst"},
      {"changes.zst", "changes-20260115T103000Z-000042.zst"},
      {"changes.csv.gz", "changes-20260115T103000Z-000042.csv.gz"},
      {".hidden", ".hidden-20260115T103000Z-000042"},
  };
  for (const auto& each : cases) { EXPECT_EQ(file::rotated_name(each.path, 1768473000, 42), each.rotated); }
  test::TemporaryFolder folder;
  std::string path = folder / "a.jsonl";
  for (const char* name :
       {"a-20260115T103000Z-000042.jsonl", "a-20260115T103000Z-1000000.jsonl", "a-20260115T103000Z-x.jsonl",
        "a-x-9999999.jsonl", "ab-20260115T103000Z-2000000.jsonl", "a.jsonl"}) {
    test::write_file(folder / name, "");
  }
  EXPECT_EQ(file::newest_rotated(path), 1'000'000u);
  EXPECT_EQ(file::find_rotated(path, 42), folder / "a-20260115T103000Z-000042.jsonl");
  EXPECT_EQ(file::find_rotated(path, 43), std::nullopt);
}

TEST(FileNote, ComesBackAsItWas) {
  file::FileNote note{
      .number = 7, .size = uint64_t{1} << 60, .frame_open = true, .started_us = 17, .path = "a b\nc"};
  auto back = file::FileNote::parse(note.text());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->text(), note.text());
  EXPECT_EQ(back->path, note.path);
  auto old = file::FileNote::parse("1 7 100 1 17 a b");  // of a version that knew no headings
  ASSERT_TRUE(old);
  EXPECT_EQ(old->text(), "2 7 100 1 17 0 a b");
  for (const char* bad : {"", "1", "2 1 1 1 1 x", "1 -1 1 1 1 x", "1 1 1 1 1"}) {
    EXPECT_FALSE(file::FileNote::parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace sluice
