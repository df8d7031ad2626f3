#include "sink/console/console_sink.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "support/child.h"
#include "support/delivery.h"
#include "support/folder.h"

namespace sluice {
namespace {

using test::Lines;

class Pipe {
 public:
  Pipe() { CHECK(pipe(ends_) == 0); }
  ~Pipe() {
    close_reader();
    ::close(ends_[1]);
  }
  int writer() const { return ends_[1]; }
  void close_reader() {
    if (ends_[0] >= 0) ::close(ends_[0]);
    ends_[0] = -1;
  }
  std::string read(size_t size) const {
    std::string text(size, '\0');
    size_t have = 0;
    while (have < size) {
      ssize_t n = ::read(ends_[0], text.data() + have, size - have);
      if (n <= 0) break;
      have += static_cast<size_t>(n);
    }
    text.resize(have);
    return text;
  }

 private:
  int ends_[2];
};

Fault fault_of(const Result<void>& result) {
  EXPECT_FALSE(result);
  return result ? Fault::Fatal : result.error().fault;
}

TEST(ConsoleSink, EndsQuietlyWhenTheReaderGoes) {
  Pipe pipe;
  auto sink = make_console_sink(pipe.writer());
  ASSERT_TRUE(sink->open(""));
  ASSERT_TRUE(sink->tick());
  ASSERT_TRUE(sink->write(Lines(1, {"a"}).delivery()));
  pipe.close_reader();
  EXPECT_EQ(fault_of(sink->tick()), Fault::Stopped) << "noticed while there is nothing to write, too";
  EXPECT_EQ(fault_of(sink->write(Lines(2, {"b"}).delivery())), Fault::Stopped);
}

TEST(ConsoleSink, WaitsForASlowReaderAndLosesNothing) {
  Pipe pipe;
  auto sink = make_console_sink(pipe.writer());
  ASSERT_TRUE(sink->open(""));
  EXPECT_EQ(fcntl(pipe.writer(), F_GETFL) & O_NONBLOCK, 0) << "others who use the pipe are not disturbed";
  Lines lines(1);
  for (int i = 0; i < 50'000; ++i) lines.add(fmt::format("line {}", i));
  std::string got;
  std::thread reader([&] { got = pipe.read(lines.bytes().size()); });
  EXPECT_TRUE(sink->write(lines.delivery()));
  reader.join();
  EXPECT_EQ(got, lines.bytes());
}

TEST(ConsoleSink, GivesUpAWaitWhenInterrupted) {
  Pipe pipe;
  auto sink = make_console_sink(pipe.writer());
  ASSERT_TRUE(sink->open(""));
  Lines lines(1, {std::string(4 << 20, 'x')});
  std::thread other([&] {
    pipe.read(100'000);  // so that it is in the middle
    sink->interrupt();
  });
  EXPECT_EQ(fault_of(sink->write(lines.delivery())), Fault::Stopped);
  other.join();
}

TEST(ConsoleSink, WritesToSocketsThatAreFull) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  auto sink = make_console_sink(ends[1]);
  ASSERT_TRUE(sink->open(""));
  Lines lines(1, {std::string(4 << 20, 'x')});
  std::string got(lines.bytes().size(), '\0');
  std::thread reader([&] { recv(ends[0], got.data(), got.size(), MSG_WAITALL); });
  EXPECT_TRUE(sink->write(lines.delivery()));
  reader.join();
  EXPECT_EQ(got, lines.bytes());
  close(ends[0]);
  EXPECT_EQ(fault_of(sink->write(Lines(2, {"y"}).delivery())), Fault::Stopped);
  close(ends[1]);
}

TEST(ConsoleSink, GoesOnWhereAFullDiskStoppedIt) {
  test::TemporaryFolder folder;
  std::string told = test::in_child([&]() -> std::string {
    test::mount_small_disk(folder.path(), 64 * 1024);
    std::string ballast = folder / "ballast";
    test::write_file(ballast, std::string(40'000, 'x'));
    int out = open((folder / "out").c_str(), O_CREAT | O_WRONLY, 0600);
    auto sink = make_console_sink(out);
    if (!sink->open("")) return "cannot open";
    Lines lines(1);
    for (int i = 0; i < 6000; ++i) lines.add(fmt::format("{}", i));
    auto full = sink->write(lines.delivery());
    if (full || full.error().fault != Fault::Retryable) return "the full disk was not noticed";
    unlink(ballast.c_str());
    if (!sink->reopen() || !sink->write(lines.delivery())) return "the retry failed";
    return test::read_file(folder / "out") == lines.bytes() ? full.error().what : "not the same lines";
  });
  EXPECT_EQ(told, "cannot write to stdout: the disk is full; make room and it goes on by itself");
}

TEST(ConsoleSink, SaysWhatIsWrongWithStdout) {
  int file = open("/proc/self/exe", O_RDONLY);
  auto read_only = make_console_sink(file);
  ASSERT_TRUE(read_only->open(""));
  auto result = read_only->write(Lines(1, {"a"}).delivery());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().what, "cannot write to stdout: Bad file descriptor");
  close(file);
  EXPECT_EQ(fault_of(make_console_sink(-1)->open("")), Fault::Fatal);
}

}  // namespace
}  // namespace sluice
