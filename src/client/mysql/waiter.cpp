#include "client/mysql/waiter.h"

#include <errno.h>
#include <mariadb/mysql.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <mutex>

#include "base/check.h"
#include "base/cursor.h"

// Exported by libmariadb.so.3 (symbol version libmariadb_3), declared in none of its public headers: `seen`
// is shown all bytes read (mode 0) and written (mode 1), once they are.
extern "C" int ma_pvio_register_callback(my_bool add, void (*seen)(int mode, MYSQL* mysql,
                                                                   const unsigned char* bytes, size_t size));

namespace sluice::mysql {
namespace {

thread_local Waiter* current = nullptr;

// The library would report errno as the connection's beginning left it (EINPROGRESS) instead of the reason.
int failed(int socket) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error != 0) errno = error;
  return -1;
}

void seen_hook(int mode, MYSQL* mysql, const unsigned char* bytes, size_t size) {
  bool failed = static_cast<ssize_t>(size) <= 0;  // the result of the read, whatever it was
  if (mode == 0 && current && !failed) current->seen(mysql, {reinterpret_cast<const char*>(bytes), size});
}

}  // namespace

int Waiter::wait(int socket, bool reading, std::chrono::milliseconds patience) {
  pollfd watched[2] = {{socket, static_cast<short>(reading ? POLLIN : POLLOUT), 0},
                       {interrupt_->descriptor(), POLLIN, 0}};
  Clock::time_point end = Clock::now() + patience;
  for (;;) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    int ready = ::poll(watched, 2, static_cast<int>(std::clamp<int64_t>(left.count(), 0, 1 << 30)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return -1;
    if (watched[1].revents) {
      errno = ECANCELED;
      return -1;
    }
    if (!reading && (watched[0].revents & (POLLERR | POLLHUP))) return failed(socket);
    return watched[0].revents ? 1 : 0;
  }
}

int Waiter::wait_for_library(int socket, bool reading) {
  auto patience = silence_;
  if (silence_ == std::chrono::milliseconds(0)) {
    patience = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
  }
  int ready = wait(socket, reading, patience);
  if (ready == 0) {
    timed_out_ = true;
    errno = ETIMEDOUT;
  }
  return ready;
}

void Waiter::seen(MYSQL* mysql, std::string_view bytes) {
  if (greeted_) return;
  greeted_ = true;
  // protocol manual, "Protocol::HandshakeV10": packet header 4, protocol 1, version\0, thread 4, salt 8,
  // filler 1, capabilities 2. An ERR packet instead (0xff) is the library's to report.
  Cursor greeting(bytes);
  greeting.skip(4);
  if (greeting.u8() != 10) return;
  while (!greeting.bad() && greeting.u8() != 0) continue;
  greeting.skip(4 + 8 + 1);
  uint16_t capabilities = greeting.u16();
  if (want_tls_ && (greeting.bad() || !(capabilities & CLIENT_SSL))) {
    tls_refused_ = true;
    ::shutdown(mysql_get_socket(mysql), SHUT_RDWR);
  }
}

Use::Use(Waiter& waiter) : before_(current) { current = &waiter; }
Use::~Use() { current = before_; }

int wait_hook(int socket, char reading, int) { return current->wait_for_library(socket, reading != 0); }

void initialise_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    CHECK(mysql_server_init(0, nullptr, nullptr) == 0);
    CHECK(ma_pvio_register_callback(1, seen_hook) == 0);
  });
}

}  // namespace sluice::mysql

// In front of OpenSSL's own: told of no authority, the library loads all of the system's, which takes 25 ms,
// even where it is to verify nothing.
extern "C" int SSL_CTX_set_default_verify_paths(SSL_CTX* context) {
  if (sluice::mysql::current && !sluice::mysql::current->verifies()) return 1;
  return X509_STORE_set_default_paths(SSL_CTX_get_cert_store(context));
}
