#include "support/redis_bench.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "sink/redis/redis_cache_sink.h"
#include "sink/redis/redis_sink.h"
#include "support/folder.h"
#include "support/redis_listener.h"

namespace sluice::test {
namespace {

// A server of its own, on a socket in a folder of its own. The program is that of redis-tools, which is the
// server under the server's name; the package redis-server would start one by itself.
class RedisBench : public SinkBench {
 public:
  RedisBench() {
    std::string socket = folder_ / "socket", folder = folder_.path();
    server_ = fork();
    CHECK(server_ >= 0);
    if (server_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      int nothing = ::open("/dev/null", O_RDWR);
      dup2(nothing, STDOUT_FILENO);
      execl("/usr/bin/redis-check-rdb", "redis-server", "--port", "0", "--unixsocket", socket.c_str(),
            "--dir", folder.c_str(), "--save", "", nullptr);
      _exit(127);
    }
    // The file is there before anybody listens.
    std::string ask = "redis-cli -s '" + socket + "' ping >/dev/null 2>&1";
    for (int i = 0; i < 1000 && system(ask.c_str()) != 0; ++i) usleep(10'000);
  }
  ~RedisBench() override {
    kill(server_, SIGKILL);
    waitpid(server_, nullptr, 0);
  }
  std::unique_ptr<Sink> sink() override {
    Settings settings(redis_sink.options);
    CHECK(settings.set("url", {"unix://" + (folder_ / "socket")}, "test"));
    CHECK(settings.set("as", {"list"}, "test"));
    auto made = redis_sink.make(settings);
    CHECK(made);
    return std::move(*made);
  }
  std::string delivered() override {
    std::string ask = "redis-cli -s '" + (folder_ / "socket") + "' --raw lrange lines 0 -1";
    FILE* answer = popen(ask.c_str(), "r");
    CHECK(answer);
    std::string text;
    char room[65536];
    for (size_t n; (n = fread(room, 1, sizeof room, answer)) > 0;) text.append(room, n);
    CHECK(pclose(answer) == 0);
    return text == "\n" ? "" : text;  // of an empty list, redis-cli says an empty line
  }

 private:
  TemporaryFolder folder_;
  pid_t server_;
};

// What rows become in a server is its script's matter, and tests against real servers'; here it is what
// reaches one.
class RedisCacheBench : public SinkBench {
 public:
  std::unique_ptr<Sink> sink() override {
    Settings settings(redis_cache_sink.options);
    CHECK(settings.set("url", {"unix://" + listener_.socket()}, "test"));
    auto made = redis_cache_sink.make(settings);
    CHECK(made);
    return std::move(*made);
  }
  std::string delivered() override { return listener_.words(); }
  void read_along() override { listener_.answer_huge(); }

 private:
  RedisListener listener_;
};

}  // namespace

std::unique_ptr<SinkBench> make_redis_bench() { return std::make_unique<RedisBench>(); }
std::unique_ptr<SinkBench> make_redis_cache_bench() { return std::make_unique<RedisCacheBench>(); }

}  // namespace sluice::test
