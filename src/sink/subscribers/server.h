// Server: listens for subscribers and sends them what is in the ring, all of them on one thread.
#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <memory>
#include <thread>
#include <unordered_map>

#include "net/listener.h"
#include "sink/subscribers/client.h"

namespace sluice::subscribers {

class Server {
 public:
  // `shared` outlives it.
  Server(std::unique_ptr<Listener> listener, const Shared& shared, size_t most_clients);
  // Gives the clients `patience` to take what is in the ring, then a last word.
  ~Server();

  // Any thread: there is more in the ring.
  void wake();

 private:
  using Clients = std::unordered_map<int, std::unique_ptr<Client>>;  // by descriptor

  void run();
  void take_events(const epoll_event* events, int count);
  void accept();
  void send_to_all();
  void tick();
  // Of one client: does what became possible, then watches for what it waits for. It may be gone afterwards.
  void serve(Client& client, uint32_t events);
  void watch(Client& client);
  void forget(int descriptor);

  const std::unique_ptr<Listener> listener_;
  const Shared& shared_;
  const size_t most_clients_;
  const int poll_, wake_;
  std::atomic<bool> woken_ = false, ending_ = false;
  // The thread's own.
  Clients clients_;
  SteadyTime now_, ticked_;
  SteadyTime tells_from_{};  // that nobody can be taken
  bool listens_ = true;      // else there are no descriptors left: until the next tick
  std::thread thread_;
};

}  // namespace sluice::subscribers
