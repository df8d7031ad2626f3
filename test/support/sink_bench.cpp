#include "support/sink_bench.h"

#include <poll.h>
#include <unistd.h>

#include <thread>

#include "base/check.h"
#include "sink/console/console_sink.h"
#include "sink/file/file_sink.h"
#include "support/folder.h"
#include "support/zstd_file.h"

namespace sluice::test {
namespace {

class ConsoleBench : public SinkBench {
 public:
  ConsoleBench() { CHECK(pipe(ends_) == 0); }
  ~ConsoleBench() override {
    ::close(ends_[1]);
    if (reader_.joinable()) reader_.join();
    ::close(ends_[0]);
  }
  std::unique_ptr<Sink> sink() override { return make_console_sink(ends_[1]); }
  std::string delivered() override {
    if (reader_.joinable()) {
      CHECK(write(ends_[1], kEnd.data(), kEnd.size()) == static_cast<ssize_t>(kEnd.size()));
      reader_.join();
      text_.resize(text_.size() - kEnd.size());
      return text_;
    }
    pollfd end{ends_[0], POLLIN, 0};
    while (poll(&end, 1, 0) > 0 && (end.revents & POLLIN)) take();
    return text_;
  }
  void read_along() override {
    reader_ = std::thread([this] {
      while (!text_.ends_with(kEnd) && take()) continue;
    });
  }

 private:
  // Behind everything that was delivered: tells the reader that it has all.
  static constexpr std::string_view kEnd = "\x01 the end";

  bool take() {
    char room[65536];
    ssize_t n = read(ends_[0], room, sizeof room);
    if (n > 0) text_.append(room, static_cast<size_t>(n));
    return n > 0;
  }

  int ends_[2];
  std::string text_;
  std::thread reader_;
};

class FileBench : public SinkBench {
 public:
  std::unique_ptr<Sink> sink() override {
    Settings settings(file_sink.options);
    CHECK(settings.set("path", {folder_ / "out"}, "test"));
    auto made = file_sink.make(settings);
    CHECK(made);
    return std::move(*made);
  }
  std::string delivered() override { return read_file(folder_ / "out"); }

 private:
  TemporaryFolder folder_;
};

template <class Bench>
std::unique_ptr<SinkBench> make() {
  return std::make_unique<Bench>();
}

const SinkBenchType console_bench = {
    .name = "console", .sink = &console_sink, .make = make<ConsoleBench>, .waits = true};
const SinkBenchType file_bench = {
    .name = "file", .sink = &file_sink, .make = make<FileBench>, .takes_back = true};

}  // namespace

std::vector<SinkBenchType> sink_benches() {
  return {
#define SINK(name) name##_bench,
#include "sink/sinks.def"
#undef SINK
  };
}

}  // namespace sluice::test
