// PORT CLIENTS MESSAGES [TARGET]: connects as that many WebSocket clients to 127.0.0.1, says `ready` when all
// are in, and reads until each has that many messages, or nothing comes for ten seconds. Tells of all of them
// how long they took from the commit, by the `ts` of format json, to here: a line of JSON in milliseconds.
// TARGET is what a client asks for, with `{}` for its number from 0 on.
#include <arpa/inet.h>
#include <fmt/core.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/clock.h"

namespace {

constexpr int64_t kDayUs = 86'400'000'000;
constexpr int kPatienceMs = 10'000;
constexpr std::string_view kRequest =
    "GET {} HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
    "13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

struct Client {
  int descriptor = -1;
  bool in = false;
  uint64_t messages = 0;
  std::string input;
};

// Lags in steps of 0.1 ms; the last one is all above.
std::vector<uint64_t> lags(100'001);

int number(const char* digits, int count) {
  int value = 0;
  for (int i = 0; i < count; ++i) value = 10 * value + (digits[i] - '0');
  return value;
}

// Of 2026-01-15T10:30:00.123456Z: microseconds of the day.
int64_t of_day(const char* ts) {
  return (number(ts + 11, 2) * 3600LL + number(ts + 14, 2) * 60LL + number(ts + 17, 2)) * 1'000'000 +
         number(ts + 20, 6);
}

void note(std::string_view message, int64_t now_us) {
  constexpr std::string_view kField = "\"ts\":\"";
  size_t at = message.find(kField);
  CHECK(at != message.npos && message.size() - at > 40);
  int64_t lag = (now_us % kDayUs - of_day(message.data() + at + kField.size()) + kDayUs) % kDayUs;
  ++lags[std::min<size_t>(static_cast<size_t>(lag / 100), lags.size() - 1)];
}

// Takes the whole frames off the front.
void take(Client& client, int64_t now_us) {
  std::string_view rest = client.input;
  if (!client.in) {
    size_t end = rest.find("\r\n\r\n");
    if (end == rest.npos) return;
    CHECK(rest.starts_with("HTTP/1.1 101"));
    client.in = true;
    rest.remove_prefix(end + 4);
  }
  while (rest.size() >= 2) {
    auto byte = [&](size_t i) { return static_cast<unsigned char>(rest[i]); };
    size_t size = byte(1), header = 2;
    if (size == 126) {
      if (rest.size() < 4) break;
      size = byte(2) << 8 | byte(3);
      header = 4;
    }
    CHECK(size < 65536);
    if (rest.size() < header + size) break;
    if ((byte(0) & 15) == 1) {
      note(rest.substr(header, size), now_us);
      ++client.messages;
    }
    rest.remove_prefix(header + size);
  }
  client.input.erase(0, client.input.size() - rest.size());
}

void enter(Client& client, uint16_t port, int poll, size_t index, std::string target) {
  client.descriptor = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(connect(client.descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  if (size_t place = target.find("{}"); place != target.npos) target.replace(place, 2, std::to_string(index));
  std::string request = fmt::format(kRequest, target);
  CHECK(send(client.descriptor, request.data(), request.size(), 0) == static_cast<ssize_t>(request.size()));
  epoll_event event{.events = EPOLLIN, .data = {.u64 = index}};
  CHECK(epoll_ctl(poll, EPOLL_CTL_ADD, client.descriptor, &event) == 0);
}

double percentile(uint64_t total, double part) {
  uint64_t below = 0;
  for (size_t i = 0; i < lags.size(); ++i) {
    below += lags[i];
    if (static_cast<double>(below) >= part * static_cast<double>(total))
      return static_cast<double>(i + 1) / 10;
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  CHECK(count == 4 || count == 5);
  auto port = static_cast<uint16_t>(std::atoi(words[1]));
  std::vector<Client> clients(std::strtoul(words[2], nullptr, 10));
  uint64_t wanted = std::strtoul(words[3], nullptr, 10), done = 0, entered = 0, total = 0;
  rlimit limit{clients.size() + 100, clients.size() + 100};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  int poll = epoll_create1(0);
  for (size_t i = 0; i < clients.size(); ++i) {
    enter(clients[i], port, poll, i, count == 5 ? words[4] : "/");
  }
  std::vector<char> room(1 << 20);
  while (done < clients.size()) {
    epoll_event events[256];
    int ready = epoll_wait(poll, events, 256, kPatienceMs);
    if (ready <= 0) break;
    for (int i = 0; i < ready; ++i) {
      Client& client = clients[events[i].data.u64];
      ssize_t taken = recv(client.descriptor, room.data(), room.size(), 0);
      if (taken <= 0) {
        fmt::print(stderr, "a client was sent away behind {} messages\n", client.messages);
        return 1;
      }
      client.input.append(room.data(), static_cast<size_t>(taken));
      uint64_t before = client.messages;
      bool was_in = client.in;
      take(client, sluice::unix_us());
      total += client.messages - before;
      if (before < wanted && client.messages >= wanted) ++done;
      if (!was_in && client.in && ++entered == clients.size()) {
        std::puts("ready");
        std::fflush(stdout);
      }
    }
  }
  fmt::print(R"({{"clients":{},"complete":{},"messages":{},"p50":{:.1f},"p99":{:.1f},"max":{:.1f}}})"
             "\n",
             clients.size(), done, total, percentile(total, 0.5), percentile(total, 0.99),
             percentile(total, 1));
  return done == clients.size() ? 0 : 1;
}
