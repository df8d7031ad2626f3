#include "sink/subscribers/server.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "base/log.h"
#include "net/websocket.h"

namespace sluice::subscribers {
namespace {

constexpr int kEvents = 256;  // taken at once
constexpr std::chrono::milliseconds kTick{250};
// So many at once are told that there are too many, where as many as that may be there at all.
constexpr size_t kMostCrowded = 100;
// Of the same trouble the log tells no more often.
constexpr std::chrono::minutes kBetweenWords{1};
// What clients have at the end to take the rest and their last word.
constexpr std::chrono::milliseconds kGoodbye{2000};

}  // namespace

Server::Server(std::unique_ptr<Listener> listener, const Shared& shared, size_t most_clients)
    : listener_(std::move(listener)),
      shared_(shared),
      most_clients_(most_clients),
      poll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  CHECK(poll_ >= 0 && wake_ >= 0);
  for (int descriptor : {listener_->descriptor(), wake_}) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = descriptor}};
    CHECK(epoll_ctl(poll_, EPOLL_CTL_ADD, descriptor, &event) == 0);
  }
  thread_ = std::thread([this] { run(); });
}

Server::~Server() {
  ending_ = true;
  eventfd_write(wake_, 1);
  thread_.join();
  clients_.clear();
  ::close(poll_);
  ::close(wake_);
}

void Server::wake() {
  if (!woken_.exchange(true)) eventfd_write(wake_, 1);
}

void Server::run() {
  pthread_setname_np(pthread_self(), "subscribers");
  // Who goes away in the middle of what OpenSSL writes is no reason to end.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);

  epoll_event events[kEvents];
  now_ = ticked_ = steady_now();
  SteadyTime end = SteadyTime::max();
  while (now_ < end) {
    int count = epoll_wait(poll_, events, kEvents, static_cast<int>(kTick.count()));
    now_ = steady_now();
    take_events(events, std::max(count, 0));
    if (now_ - ticked_ >= kTick) tick();
    if (!ending_) continue;
    if (end == SteadyTime::max()) {
      end = now_ + kGoodbye;
      for (auto& [descriptor, client] : clients_) {
        client->dismiss(websocket::kGoingAway, "the server ends", now_);
      }
      send_to_all();
    }
    if (clients_.empty()) return;
  }
}

void Server::take_events(const epoll_event* events, int count) {
  bool more = false, wants_in = false;
  for (const epoll_event* event = events; event != events + count; ++event) {
    if (event->data.fd == wake_) {
      more = true;
    } else if (event->data.fd == listener_->descriptor()) {
      wants_in = true;
    } else if (auto found = clients_.find(event->data.fd); found != clients_.end()) {
      serve(*found->second, event->events);
    }
  }
  if (more) {
    eventfd_t value;
    eventfd_read(wake_, &value);
    woken_ = false;  // before the ring is looked at
    send_to_all();
  }
  if (wants_in) accept();
}

void Server::accept() {
  for (;;) {
    auto peer = listener_->accept();
    if (!peer) {
      if (now_ >= tells_from_) {
        log::warning("subscribers: {}; trying again, and others wait meanwhile", peer.error().what);
        tells_from_ = now_ + kBetweenWords;
      }
      listens_ = false;
      epoll_ctl(poll_, EPOLL_CTL_DEL, listener_->descriptor(), nullptr);
      return;
    }
    if (!*peer) return;
    if (clients_.size() >= most_clients_ + std::min(kMostCrowded, most_clients_ / 2 + 1) || ending_) continue;
    bool crowded = clients_.size() >= most_clients_;
    int descriptor = (*peer)->descriptor();
    auto client = std::make_unique<Client>(std::move(*peer), shared_, crowded, now_);
    epoll_event event{.events = EPOLLIN, .data = {.fd = descriptor}};
    CHECK(epoll_ctl(poll_, EPOLL_CTL_ADD, descriptor, &event) == 0);
    serve(*clients_.emplace(descriptor, std::move(client)).first->second, 0);
  }
}

void Server::send_to_all() {
  std::vector<Client*> all;
  all.reserve(clients_.size());
  for (auto& [descriptor, client] : clients_) {
    if (!client->waits_to_write()) all.push_back(client.get());
  }
  for (Client* client : all) serve(*client, EPOLLOUT);
}

void Server::serve(Client& client, uint32_t events) {
  bool goes_on = true;
  if (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) goes_on = client.read(now_);
  if (goes_on) goes_on = client.write(now_);
  goes_on ? watch(client) : forget(client.descriptor());
}

void Server::watch(Client& client) {
  uint32_t events = client.waits_to_write() ? EPOLLIN | EPOLLOUT : EPOLLIN;
  if (!client.watch(events)) return;
  epoll_event event{.events = events, .data = {.fd = client.descriptor()}};
  CHECK(epoll_ctl(poll_, EPOLL_CTL_MOD, client.descriptor(), &event) == 0);
}

void Server::forget(int descriptor) {
  clients_.erase(descriptor);  // closing takes it out of the poll set
}

void Server::tick() {
  ticked_ = now_;
  std::vector<Client*> all;
  all.reserve(clients_.size());
  for (auto& [descriptor, client] : clients_) all.push_back(client.get());
  for (Client* client : all) { client->tick(now_) ? watch(*client) : forget(client->descriptor()); }
  if (listens_) return;
  epoll_event event{.events = EPOLLIN, .data = {.fd = listener_->descriptor()}};
  listens_ = epoll_ctl(poll_, EPOLL_CTL_ADD, listener_->descriptor(), &event) == 0;
}

}  // namespace sluice::subscribers
