#include "client/mysql/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <mariadb/errmsg.h>
#include <mariadb/mysql.h>
// After mysql.h, which it needs; as the library was built, else st_ma_pvio has no TLS.
#define HAVE_TLS 1
using uchar = unsigned char;  // which ma_tls.h takes for granted
#include <mariadb/ma_pvio.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/log.h"
#include "client/mysql/failure.h"
#include "client/mysql/waiter.h"
#include "net/keepalive.h"

namespace sluice::mysql {
namespace {

using Clock = std::chrono::steady_clock;

// Of a packet that is under way.
constexpr double kLeastBytesPerSecond = 1024;

}  // namespace

std::string address(const ConnectionOptions& options) {
  bool bare = options.host.find(':') == std::string::npos;
  return fmt::format("{}@{}{}{}:{}", options.user, bare ? "" : "[", options.host, bare ? "" : "]",
                     options.port);
}

const std::string* Rows::get(size_t row, std::string_view name) const {
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return rows[row][i] ? &*rows[row][i] : nullptr;
  }
  return nullptr;
}

class Connection::Impl {
 public:
  Impl(ConnectionOptions options, const Interrupt& interrupt)
      : options_(std::move(options)),
        address_(mysql::address(options_)),
        interrupt_(interrupt),
        waiter_(interrupt) {
    initialise_library();
  }
  ~Impl() { close(); }

  Result<void> connect();
  Result<Rows> query(std::string_view sql, std::string_view attempt, std::chrono::milliseconds patience);
  std::chrono::milliseconds query_timeout() const { return options_.query_timeout; }
  Result<void> command(uint8_t code, std::string_view payload, bool answered, std::string_view attempt);
  Result<bool> wait(std::chrono::milliseconds patience);
  Result<PacketReader::Piece> piece(std::chrono::milliseconds silence, std::string_view attempt);

  Failure refused(std::string_view packet, std::string_view attempt);

  MYSQL* handle() const { return mysql_; }
  unsigned error_code() const { return error_code_; }
  const std::string& address() const { return address_; }

 private:
  void close();
  void set_options(Tls tls);
  Result<void> log_in(Tls tls);
  Failure failure(std::string_view attempt, std::chrono::milliseconds patience);
  Failure failure_of_login();
  bool buffered() const;
  Failure lost(std::string_view attempt, std::chrono::milliseconds silence);
  ssize_t receive(char* to, size_t n);
  Result<void> connected() const;

  ConnectionOptions options_;
  std::string address_;
  const Interrupt& interrupt_;
  Waiter waiter_;
  MYSQL* mysql_ = nullptr;
  unsigned error_code_ = 0;
  bool in_use_ = false;                    // logged in
  std::unique_ptr<PacketReader> packets_;  // once the server sends of itself
};

void Connection::Impl::close() {
  if (!mysql_) return;
  Use use(waiter_);
  // A farewell to a server that does not read must not hold us up.
  waiter_.until(Clock::now() + std::chrono::milliseconds(100));
  mysql_close(mysql_);
  mysql_ = nullptr;
  packets_.reset();
}

void Connection::Impl::set_options(Tls tls) {
  auto option = [&](mysql_option name, const auto* value) {
    CHECK(mysql_optionsv(mysql_, name, value) == 0);
  };
  auto text = [](const std::string& value) { return value.empty() ? nullptr : value.c_str(); };
  unsigned tcp = MYSQL_PROTOCOL_TCP;  // else "localhost" means a Unix socket
  option(MYSQL_OPT_PROTOCOL, &tcp);
  // Any bound but none: it makes the library wait through our hook, which has its own.
  unsigned seconds = 3600;
  option(MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
  option(MYSQL_OPT_READ_TIMEOUT, &seconds);
  option(MYSQL_OPT_WRITE_TIMEOUT, &seconds);
  CHECK(mysql_optionsv(mysql_, MARIADB_OPT_IO_WAIT, reinterpret_cast<void*>(wait_hook)) == 0);
  size_t most = size_t{1} << 30;  // the protocol's limit for a packet (max_allowed_packet)
  option(MYSQL_OPT_MAX_ALLOWED_PACKET, &most);
  option(MYSQL_SET_CHARSET_NAME, "utf8mb4");
  CHECK(mysql_options4(mysql_, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "sluice") == 0);
  if (options_.compression) CHECK(mysql_optionsv(mysql_, MYSQL_OPT_COMPRESS, nullptr) == 0);
  if (!options_.server_public_key.empty())
    option(MYSQL_SERVER_PUBLIC_KEY, options_.server_public_key.c_str());

  waiter_.want_tls(tls >= Tls::Required);
  my_bool enforce = tls != Tls::Off;
  option(MYSQL_OPT_SSL_ENFORCE, &enforce);
  if (!enforce) return;
  bool verify = tls >= Tls::VerifyCa;
  waiter_.verify(verify);
  // With an authority named, the library verifies the chain, and the host name only when asked to.
  mysql_ssl_set(mysql_, text(options_.key), text(options_.cert), text(options_.ca),
                verify && options_.ca.empty() ? X509_get_default_cert_dir() : nullptr, nullptr);
  my_bool identity = tls == Tls::VerifyIdentity;
  option(MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &identity);
  option(MARIADB_OPT_TLS_VERSION, "TLSv1.2,TLSv1.3");
}

Result<void> Connection::Impl::connect() {
  Result<void> done = log_in(options_.tls);
  if (done || options_.tls != Tls::Preferred || error_code_ != CR_SSL_CONNECTION_ERROR) return done;
  // Servers before MySQL 5.7 speak no TLS that is still thought safe.
  log::warning("{}; trying without TLS, as tls=preferred allows", done.error().what);
  return log_in(Tls::Off);
}

Result<void> Connection::Impl::log_in(Tls tls) {
  close();
  in_use_ = false;
  if (interrupt_.raised()) return stopped();
  mysql_ = mysql_init(nullptr);
  CHECK(mysql_ != nullptr);
  set_options(tls);
  Use use(waiter_);
  waiter_.begin_connection();
  waiter_.until(Clock::now() + options_.connect_timeout);
  error_code_ = 0;
  if (!mysql_real_connect(mysql_, options_.host.c_str(), options_.user.c_str(),
                          options_.password.reveal().c_str(), nullptr, options_.port, nullptr,
                          options_.found_rows ? CLIENT_FOUND_ROWS : 0)) {
    Failure failed = failure_of_login();
    close();
    return failed;
  }
  CHECK(tls < Tls::Required || mysql_get_ssl_cipher(mysql_) != nullptr);
  find_dead_peers(static_cast<int>(mysql_get_socket(mysql_)));
  in_use_ = true;
  return {};
}

Failure Connection::Impl::failure_of_login() {
  if (waiter_.tls_refused()) {
    return usage(
        "cannot log in ({}): the server does not offer TLS, which tls=required and stricter ask for; "
        "set up TLS on the server, or tls=preferred",
        address_);
  }
  Failure failed = failure("log in", options_.connect_timeout);
  Error& error = failed.value();
  // What the authentication plugin has against the key, it does not say.
  if (error_code_ == CR_UNKNOWN_ERROR && !options_.server_public_key.empty()) {
    error = {Fault::Usage,
             fmt::format("cannot log in ({}): server_public_key ({}) is no RSA public key in PEM form, "
                         "or not this server's",
                         address_, options_.server_public_key)};
  }
  // With TLS 1.3 the server judges our certificate when the handshake is over for us, and hangs up.
  if (error_code_ == CR_SERVER_LOST && !options_.cert.empty() && !waiter_.timed_out()) {
    error.what += "; if this lasts, the server refuses the client certificate (tls_cert)";
  }
  return failed;
}

Failure Connection::Impl::failure(std::string_view attempt, std::chrono::milliseconds patience) {
  error_code_ = 0;
  if (interrupt_.raised()) return stopped();
  if (waiter_.timed_out()) {
    return retryable(
        "cannot {} ({}): the server has been silent for {} s; is it running, and can it be reached?", attempt,
        address_, static_cast<double>(patience.count()) / 1000);
  }
  error_code_ = mysql_errno(mysql_);
  // Behind the handshake, no certificate is to blame.
  if (error_code_ == CR_SSL_CONNECTION_ERROR && in_use_) {
    return retryable("cannot {} ({}): {} (error {})", attempt, address_, mysql_error(mysql_), error_code_);
  }
  return server_failure(error_code_, mysql_error(mysql_), attempt, address_, options_.keeps_state);
}

Result<void> Connection::Impl::connected() const {
  if (interrupt_.raised()) return stopped();
  CHECK(mysql_ != nullptr);
  return {};
}

Result<Rows> Connection::Impl::query(std::string_view sql, std::string_view attempt,
                                     std::chrono::milliseconds patience) {
  SLUICE_TRY(connected());
  Use use(waiter_);
  waiter_.begin();
  waiter_.silence(patience);
  if (mysql_real_query(mysql_, sql.data(), sql.size()) != 0) return failure(attempt, patience);
  MYSQL_RES* result = mysql_store_result(mysql_);
  if (!result) {
    if (mysql_field_count(mysql_) != 0) return failure(attempt, patience);
    return Rows{};
  }
  Rows rows;
  unsigned columns = mysql_num_fields(result);
  for (unsigned i = 0; i < columns; ++i) {
    std::string name = mysql_fetch_field_direct(result, i)->name;
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
    rows.names.push_back(std::move(name));
  }
  rows.rows.reserve(mysql_num_rows(result));
  while (MYSQL_ROW row = mysql_fetch_row(result)) {
    unsigned long* sizes = mysql_fetch_lengths(result);
    Fields& fields = rows.rows.emplace_back(columns);
    for (unsigned i = 0; i < columns; ++i) {
      if (row[i]) fields[i].emplace(row[i], sizes[i]);
    }
  }
  mysql_free_result(result);
  return rows;
}

Result<void> Connection::Impl::command(uint8_t code, std::string_view payload, bool answered,
                                       std::string_view attempt) {
  SLUICE_TRY(connected());
  Use use(waiter_);
  waiter_.begin();
  waiter_.silence(options_.query_timeout);
  if (mysql_->methods->db_command(mysql_, static_cast<enum_server_command>(code), payload.data(),
                                  payload.size(), !answered, nullptr) != 0) {
    return failure(attempt, options_.query_timeout);
  }
  return {};
}

// Whether bytes of a packet wait here, inside the library (in its read-ahead cache or decompressed) or inside
// TLS.
bool Connection::Impl::buffered() const {
  if (packets_ && packets_->has_bytes()) return true;
  const NET& net = mysql_->net;
  if (net.compress && net.remain_in_buf > 0) return true;
  const MARIADB_PVIO* pvio = net.pvio;
  if (pvio->cache && pvio->cache_pos < pvio->cache + pvio->cache_size) return true;
  return pvio->ctls && SSL_has_pending(static_cast<const SSL*>(pvio->ctls->ssl)) == 1;
}

Result<bool> Connection::Impl::wait(std::chrono::milliseconds patience) {
  SLUICE_TRY(connected());
  if (buffered()) return true;
  int ready = waiter_.wait(static_cast<int>(mysql_get_socket(mysql_)), true, patience);
  if (ready < 0) {
    if (interrupt_.raised()) return stopped();
    return server_failure(CR_SERVER_LOST, "poll failed", "wait for the server", address_,
                          options_.keeps_state);
  }
  return ready > 0;
}

// As read(2), but that it waits.
ssize_t Connection::Impl::receive(char* to, size_t n) {
  MARIADB_PVIO* pvio = mysql_->net.pvio;
  if (pvio->cache && pvio->cache_pos < pvio->cache + pvio->cache_size) {
    size_t got = std::min(n, static_cast<size_t>(pvio->cache + pvio->cache_size - pvio->cache_pos));
    std::memcpy(to, pvio->cache_pos, got);
    pvio->cache_pos += got;
    return static_cast<ssize_t>(got);
  }
  int socket = static_cast<int>(mysql_get_socket(mysql_));
  for (;;) {
    ssize_t got;
    bool reading = true, again;
    if (pvio->ctls) {
      auto* tls = static_cast<SSL*>(pvio->ctls->ssl);
      got = SSL_read(tls, to, static_cast<int>(n));
      int reason = got > 0 ? SSL_ERROR_NONE : SSL_get_error(tls, static_cast<int>(got));
      reading = reason != SSL_ERROR_WANT_WRITE;
      again = reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
    } else {
      got = ::recv(socket, to, n, MSG_DONTWAIT);
      again = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
      if (got < 0 && errno == EINTR) continue;
    }
    if (!again) return got;
    if (waiter_.wait_for_library(socket, reading) <= 0) return -1;
  }
}

Failure Connection::Impl::lost(std::string_view attempt, std::chrono::milliseconds silence) {
  if (interrupt_.raised() || waiter_.timed_out()) return failure(attempt, silence);
  error_code_ = CR_SERVER_LOST;
  return server_failure(error_code_, "Lost connection to server", attempt, address_, options_.keeps_state);
}

// Not by the library, which holds each packet as a whole.
Result<PacketReader::Piece> Connection::Impl::piece(std::chrono::milliseconds silence,
                                                    std::string_view attempt) {
  SLUICE_TRY(connected());
  waiter_.begin();
  waiter_.silence(silence);
  if (!packets_) {
    packets_ = std::make_unique<PacketReader>(mysql_->net.compress != 0);
    // Else TLS would wait for the rest of a record where no interruption reaches it.
    int socket = static_cast<int>(mysql_get_socket(mysql_));
    (void)::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK);
  }
  Clock::time_point begin = Clock::now();
  for (size_t total = 0;;) {
    auto piece = packets_->next();
    if (!piece) return while_doing(fmt::format("cannot {} ({})", attempt, address_), piece.error());
    if (*piece) return **piece;
    // A server sends a packet as fast as it can. Heartbeats alone fill one whose length came damaged.
    std::chrono::duration<double> taken = Clock::now() - begin;
    if (taken > silence && static_cast<double>(total) < kLeastBytesPerSecond * taken.count()) {
      return retryable("cannot {} ({}): {} bytes of a packet in {:.1f} s", attempt, address_, total,
                       taken.count());
    }
    size_t room = 0;
    char* to = packets_->room(room);
    ssize_t got = receive(to, room);
    if (got <= 0) return lost(attempt, silence);
    packets_->received(static_cast<size_t>(got));
    total += static_cast<size_t>(got);
  }
}

Failure Connection::Impl::refused(std::string_view packet, std::string_view attempt) {
  ServerError error = read_error(packet).value_or(ServerError{});
  error_code_ = error.code;
  return server_failure(error.code, error.message, attempt, address_, options_.keeps_state);
}

Connection::Connection(ConnectionOptions options, const Interrupt& interrupt)
    : impl_(std::make_unique<Impl>(std::move(options), interrupt)) {}
Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

Result<void> Connection::connect() { return impl_->connect(); }
Result<Rows> Connection::query(std::string_view sql, std::string_view attempt) {
  return impl_->query(sql, attempt, impl_->query_timeout());
}
Result<void> Connection::execute(std::string_view sql, std::string_view attempt) {
  return execute(sql, attempt, impl_->query_timeout());
}
Result<void> Connection::execute(std::string_view sql, std::string_view attempt,
                                 std::chrono::milliseconds patience) {
  SLUICE_TRY(impl_->query(sql, attempt, patience));
  return {};
}
Result<void> Connection::command(uint8_t code, std::string_view payload, bool answered,
                                 std::string_view attempt) {
  return impl_->command(code, payload, answered, attempt);
}
Result<bool> Connection::wait(std::chrono::milliseconds patience) { return impl_->wait(patience); }
Result<PacketReader::Piece> Connection::piece(std::chrono::milliseconds silence, std::string_view attempt) {
  return impl_->piece(silence, attempt);
}
Failure Connection::refused(std::string_view packet, std::string_view attempt) {
  return impl_->refused(packet, attempt);
}

uint64_t Connection::affected_rows() const { return mysql_affected_rows(impl_->handle()); }
unsigned Connection::error_code() const { return impl_->error_code(); }
std::string Connection::quoted(std::string_view text) const {
  std::string escaped(text.size() * 2 + 1, '\0');
  escaped.resize(mysql_real_escape_string(impl_->handle(), escaped.data(), text.data(), text.size()));
  return "'" + escaped + "'";
}
std::string Connection::tls_cipher() const {
  const char* cipher = mysql_get_ssl_cipher(impl_->handle());
  return cipher ? cipher : "";
}
std::string Connection::server_version() const {
  const char* version = mysql_get_server_info(impl_->handle());
  return version ? version : "";
}
const std::string& Connection::address() const { return impl_->address(); }

}  // namespace sluice::mysql
