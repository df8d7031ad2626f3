// Files of a template under deaths of the process and on a disk that is full.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <thread>

#include "base/log.h"
#include "sink/file/file_set.h"
#include "support/child.h"
#include "support/delivery.h"
#include "support/folder.h"
#include "support/sanitized.h"
#include "support/zstd_file.h"

namespace sluice {
namespace {

using file::Compression;
using test::Lines;
namespace fs = std::filesystem;

// A process writes one delivery after the other, saves after each how far it came, and is killed at any
// moment, again and again.
class Killed : public testing::TestWithParam<Compression> {};

constexpr uint64_t kTables = 7;

std::string table_of(uint64_t number, uint64_t k) {
  return fmt::format("t{}", number < 50 ? (number + k) % 3 : (number * 31 + k * k) % kTables);
}

Lines numbered(uint64_t number, const std::string& folder) {
  Lines lines(number);
  for (uint64_t k = 0; k < 1 + number % 9; ++k) {
    lines.add(fmt::format("{}-{}", number, k), folder + "/" + table_of(number, k));
  }
  return lines;
}

[[noreturn]] void write_until_killed(const FileOptions& options, const std::string& folder,
                                     const std::string& state, uint64_t from, const std::string& note) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  file::FileSet sink(options);
  if (!sink.open(note)) _exit(3);
  int fd = ::open(state.c_str(), O_WRONLY | O_APPEND | O_CREAT, 0644);
  auto save = [&](uint64_t number) {
    std::string line = fmt::format("{} {}\n", number, sink.note());
    if (::write(fd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(4);
  };
  save(from);
  for (uint64_t number = from;; ++number) {
    if (!sink.write(numbered(number, folder).delivery())) _exit(5);
    save(number + 1);
    if (number % 16 == 0 && sink.tick()) save(number + 1);
  }
}

TEST_P(Killed, NothingIsLostAndNothingRepeated) {
  ASSERT_TRUE(log::to_file("/dev/null"));
  test::TemporaryFolder folder;
  std::string out = folder / "out", state = folder / "state";
  fs::create_directory(out);
  FileOptions options{.path = out + "/{table}",
                      .rotate_bytes = 300,
                      .compression = GetParam(),
                      .sync = false,
                      .open_files = 2};
  uint64_t number = 0, seed = static_cast<uint64_t>(unix_us());
  std::string note;
  const int lives = test::kSanitized ? 20 : 120, slower = test::kSanitized ? 20 : 1;
  for (int life = 0; life < lives || (number < 200 && life < 5000); ++life) {
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) write_until_killed(options, out, state, number, note);
    seed = seed * 6364136223846793005 + 1442695040888963407;
    std::this_thread::sleep_for(std::chrono::microseconds(slower * (200 + (seed >> 33) % 6000)));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself, with " << WEXITSTATUS(status);
    std::string saved = test::read_file(state);
    saved.resize(saved.rfind('\n') + 1);
    if (saved.empty()) continue;
    std::string last = saved.substr(saved.rfind('\n', saved.size() - 2) + 1);
    last.pop_back();
    number = std::stoull(last);
    note = last.substr(last.find(' ') + 1);
  }
  ASSERT_TRUE(file::FileSet(options).open(note));
  ASSERT_TRUE(log::to_file("/dev/stderr"));
  std::map<std::string, std::string> expected, found;
  for (uint64_t i = 0; i < number; ++i) {
    for (uint64_t k = 0; k < 1 + i % 9; ++k) expected[table_of(i, k)] += fmt::format("{}-{}\n", i, k);
  }
  std::map<std::string, std::string> parts;  // the number in its name sorts them; the active one is last
  for (const auto& entry : fs::directory_iterator(out)) {
    std::string name = entry.path().filename();
    if (name.starts_with(".sluice")) continue;
    size_t dash = name.rfind('-');
    std::string sorted = name.substr(0, 2) + (dash == name.npos ? "z" : name.substr(dash));
    std::string bytes = test::read_file(entry.path());
    if (GetParam() == Compression::Zstd) bytes = test::unzip(bytes).bytes;
    if (GetParam() == Compression::Gzip) bytes = test::gunzip(bytes).bytes;
    parts[sorted] = bytes;
  }
  for (const auto& [name, bytes] : parts) found[name.substr(0, 2)] += bytes;
  EXPECT_GE(number, 200U);
  EXPECT_GT(parts.size(), kTables);
  EXPECT_EQ(found, expected);
}

INSTANTIATE_TEST_SUITE_P(FileSet, Killed,
                         testing::Values(Compression::None, Compression::Zstd, Compression::Gzip));

TEST(FileSetDisk, AFullOneIsWaitedFor) {
  test::TemporaryFolder folder;
  std::string told = test::in_child([&]() -> std::string {
    test::mount_small_disk(folder.path(), 256 * 1024);
    file::FileSet sink({.path = folder / "{table}"});
    if (!sink.open("") || !sink.write(Lines(1).add("first", folder / "a").delivery())) return "cannot begin";
    test::write_file(folder / "ballast", std::string(150'000, 'x'));
    Lines lines(2);
    for (int i = 0; i < 12'000; ++i) lines.add(fmt::format("{:016x}", i), folder / fmt::format("{}", i % 3));
    std::string note = sink.note();
    for (int i = 0; i < 3; ++i) {
      auto full = sink.write(lines.delivery());
      if (full || full.error().fault != Fault::Retryable) return "the full disk was not noticed";
      if (sink.note() != note) return "the checkpoint moved";
    }
    unlink((folder / "ballast").c_str());
    if (auto written = sink.write(lines.delivery()); !written) return written.error().what;
    std::string all;
    for (const char* name : {"0", "1", "2"}) all += test::read_file(folder / name);
    return all.size() == lines.bytes().size() ? "good" : "not the same lines";
  });
  EXPECT_EQ(told, "good");
}

}  // namespace
}  // namespace sluice
