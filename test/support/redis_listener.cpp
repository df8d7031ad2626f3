#include "support/redis_listener.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "base/check.h"

namespace sluice::test {
namespace {

constexpr size_t kHuge = 32 << 20;

// What was read of a connection and not yet taken.
struct Incoming {
  int fd;
  std::string bytes = {};
  size_t at = 0;

  bool more() {
    bytes.erase(0, at);
    at = 0;
    size_t before = bytes.size();
    bytes.resize(before + (1 << 20));
    ssize_t n = ::read(fd, bytes.data() + before, 1 << 20);
    bytes.resize(before + static_cast<size_t>(n < 0 ? 0 : n));
    return n > 0;
  }
  // The number of a line such as *3 or $12.
  bool number(size_t& value) {
    size_t end;
    while ((end = bytes.find("\r\n", at)) == std::string::npos) {
      if (!more()) return false;
    }
    value = std::stoul(bytes.substr(at + 1, end - at - 1));
    at = end + 2;
    return true;
  }
  bool word(std::string& value) {
    size_t size;
    if (!number(size)) return false;
    while (bytes.size() - at < size + 2) {
      if (!more()) return false;
    }
    value.assign(bytes, at, size);
    at += size + 2;
    return true;
  }
};

}  // namespace

RedisListener::RedisListener() : listening_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::string path = socket();
  CHECK(path.size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, path.data(), path.size());
  CHECK(::bind(listening_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  CHECK(::listen(listening_, 5) == 0);
  thread_ = std::thread([this] { listen(); });
}

RedisListener::~RedisListener() {
  ends_ = true;
  ::shutdown(listening_, SHUT_RDWR);
  if (int client = client_; client >= 0) ::shutdown(client, SHUT_RDWR);
  thread_.join();
  ::close(listening_);
}

void RedisListener::listen() {
  while (!ends_) {
    int client = ::accept(listening_, nullptr, nullptr);
    if (client < 0) return;
    client_ = client;
    if (!ends_) serve(client);
    client_ = -1;
    ::close(client);
  }
}

void RedisListener::serve(int client) {
  Incoming incoming{client};
  std::string first, word;
  for (size_t words; incoming.number(words);) {
    for (size_t i = 0; i < words; ++i) {
      if (!incoming.word(word)) return;
      if (i == 0) first = word;
    }
    std::string_view reply = first == "EVALSHA"  ? ":1\r\n"
                             : first == "SCRIPT" ? "$4\r\nsha1\r\n"
                                                 : "+PONG\r\n";
    if (first == "EVALSHA") {
      if (word.size() > kHuge && !huge_) continue;
      std::lock_guard lock(mutex_);
      words_ += word + "\n";
    }
    if (::send(client, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) return;
  }
}

std::string RedisListener::words() {
  std::lock_guard lock(mutex_);
  return words_;
}

}  // namespace sluice::test
