// Waiter: what Connector/C calls back while it works: where it waits, what it has read. All its waiting goes
// through here, so that it can be interrupted and so that its bounds are ours (the library knows whole
// seconds only, and none for login as a whole).
#pragma once

#include <chrono>
#include <string_view>

#include "base/interrupt.h"

struct st_mysql;

namespace sluice::mysql {

class Waiter {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Waiter(const Interrupt& interrupt) : interrupt_(&interrupt) {}

  void until(Clock::time_point deadline) { deadline_ = deadline, silence_ = std::chrono::milliseconds(0); }
  void silence(std::chrono::milliseconds silence) { silence_ = silence; }
  void want_tls(bool want) { want_tls_ = want; }
  void verify(bool verify) { verify_ = verify; }
  bool verifies() const { return verify_; }
  bool timed_out() const { return timed_out_; }
  bool tls_refused() const { return tls_refused_; }
  void begin() { timed_out_ = tls_refused_ = false; }
  // Of a new connection, whose first bytes are the server's greeting. Later ones may look like one: the
  // answer to a query with ten columns does.
  void begin_connection() { begin(), greeted_ = false; }

  // 1: ready, 0: timed out, -1: interrupted or failed. As the library expects it.
  int wait(int socket, bool reading, std::chrono::milliseconds patience);
  int wait_for_library(int socket, bool reading);

  // The library would log in without TLS where the server does not offer it (seen with 3.3.20, whatever
  // MYSQL_OPT_SSL_ENFORCE says): so the server's greeting is looked at before the library answers it.
  void seen(st_mysql* mysql, std::string_view bytes);

 private:
  const Interrupt* interrupt_;
  Clock::time_point deadline_;
  std::chrono::milliseconds silence_{0};  // 0: the deadline holds
  bool want_tls_ = false;
  bool verify_ = false;
  bool timed_out_ = false;
  bool tls_refused_ = false;
  bool greeted_ = false;
};

// Makes a Waiter the one that the library's calls on this thread come to: they get no pointer of ours, but
// stay on the thread that called the library.
class Use {
 public:
  explicit Use(Waiter& waiter);
  ~Use();

 private:
  Waiter* before_;
};

// wait_for_library() of the Waiter in use, as MARIADB_OPT_IO_WAIT takes it.
int wait_hook(int socket, char reading, int timeout);
// Before anything else of the library; as often as one likes.
void initialise_library();

}  // namespace sluice::mysql
