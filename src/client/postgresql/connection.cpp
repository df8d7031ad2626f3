#include "client/postgresql/connection.h"

#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "client/postgresql/failure.h"
#include "client/postgresql/pq_library.h"
#include "net/keepalive.h"

namespace sluice::postgresql {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// A file that is not there keeps libpq from looking into the home folder for one of its own.
constexpr const char* kNoFile = "/dev/null/none";

// Of Debian and its kin, Red Hat and its kin, SUSE. Libpq takes a file, not a folder.
constexpr const char* kAuthorities[] = {"/etc/ssl/certs/ca-certificates.crt",
                                        "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem"};

const char* sslmode(std::string_view tls) {
  if (tls == "off") return "disable";
  if (tls == "required") return "require";
  if (tls == "verify-ca") return "verify-ca";
  if (tls == "verify-identity") return "verify-full";
  return "prefer";
}

// Where nothing is to be verified, libpq verifies as soon as there is a file.
std::string authorities(const ConnectionOptions& options) {
  if (!options.tls.starts_with("verify")) return kNoFile;
  if (!options.ca.empty()) return options.ca;
  struct stat found;
  for (const char* path : kAuthorities) {
    if (stat(path, &found) == 0) return path;
  }
  return kAuthorities[0];
}

}  // namespace

std::string address(const ConnectionOptions& options) {
  bool bare = options.host.find(':') == std::string::npos;
  return fmt::format("{}@{}{}{}:{}/{}", options.user, bare ? "" : "[", options.host, bare ? "" : "]",
                     options.port, options.database);
}

class Connection::Impl {
 public:
  Impl(ConnectionOptions options, const Interrupt& interrupt)
      : options_(std::move(options)), address_(postgresql::address(options_)), interrupt_(interrupt) {}
  ~Impl() {
    if (handle_) pq_->finish(handle_);
  }

  Result<void> connect();
  Result<Answer> query(const std::string& sql, std::span<const Parameter> parameters,
                       std::string_view attempt, milliseconds patience);
  milliseconds query_timeout() const { return options_.query_timeout; }

 private:
  Result<void> wait(short events, milliseconds patience, std::string_view attempt);
  Result<void> send(const std::string& sql, std::span<const Parameter> parameters, std::string_view attempt,
                    milliseconds patience);
  Result<Answer> receive(std::string_view attempt, milliseconds patience);
  Failure refusal(const PGresult* result, std::string_view attempt) const;
  Failure lost(std::string_view attempt) const;
  Answer read(const PGresult* result) const;

  const ConnectionOptions options_;
  const std::string address_;
  const Interrupt& interrupt_;
  const PqLibrary* pq_ = nullptr;
  PGconn* handle_ = nullptr;
};

Result<void> Connection::Impl::wait(short events, milliseconds patience, std::string_view attempt) {
  pollfd ready[2] = {{pq_->socket(handle_), events, 0}, {interrupt_.descriptor(), POLLIN, 0}};
  int most = patience.count() == 0 ? -1 : static_cast<int>(patience.count());
  int n;
  while ((n = poll(ready, 2, most)) < 0 && errno == EINTR) continue;
  if (interrupt_.raised()) return stopped();
  if (n < 0)
    return retryable("cannot {} ({}): waiting for the server: {}", attempt, address_, std::strerror(errno));
  if (n > 0) return {};
  return retryable(
      "cannot {} ({}): the server has been silent for {} s; is it running, and can it be reached?", attempt,
      address_, static_cast<double>(patience.count()) / 1000);
}

Result<void> Connection::Impl::connect() {
  constexpr std::string_view kAttempt = "connect";
  SLUICE_ASSIGN(pq, load_pq());
  pq_ = pq;
  std::string port = std::to_string(options_.port), ca = authorities(options_);
  const char* certificate = options_.cert.empty() ? kNoFile : options_.cert.c_str();
  const char* key = options_.key.empty() ? kNoFile : options_.key.c_str();
  const char* settings[][2] = {{"host", options_.host.c_str()},
                               {"port", port.c_str()},
                               {"user", options_.user.c_str()},
                               {"password", options_.password.reveal().c_str()},
                               {"dbname", options_.database.c_str()},
                               {"sslmode", sslmode(options_.tls)},
                               {"sslrootcert", ca.c_str()},
                               {"sslcert", certificate},
                               {"sslkey", key},
                               {"gssencmode", "disable"},
                               {"client_encoding", "UTF8"},
                               {"application_name", "sluice"},
                               {"options", ""},
                               {nullptr, nullptr}};
  std::vector<const char*> names, values;
  for (const auto& [name, value] : settings) {
    names.push_back(name);
    values.push_back(value);
  }
  handle_ = pq_->connect_start(names.data(), values.data(), 0);
  if (!handle_) return retryable("cannot connect ({}): out of memory", address_);
  pq_->set_error_verbosity(handle_, PQERRORS_VERBOSE);
  pq_->set_notice_receiver(
      handle_, [](void*, const PGresult*) {}, nullptr);
  Clock::time_point deadline = Clock::now() + options_.connect_timeout;
  PostgresPollingStatusType now =
      pq_->status(handle_) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (now == PGRES_POLLING_READING || now == PGRES_POLLING_WRITING) {
    auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) {
      return retryable("cannot connect ({}): no login within {} s; is the server running there?", address_,
                       static_cast<double>(options_.connect_timeout.count()) / 1000);
    }
    SLUICE_TRY(wait(now == PGRES_POLLING_READING ? POLLIN : POLLOUT, left, kAttempt));
    now = pq_->connect_poll(handle_);
  }
  if (now != PGRES_POLLING_OK) {
    LoginWords words = read_login_words(pq_->error_message(handle_));
    return server_failure(words.state, words.message, kAttempt, address_);
  }
  pq_->set_nonblocking(handle_, 1);
  // A schema change may be silent for hours.
  find_dead_peers(pq_->socket(handle_));
  return {};
}

Failure Connection::Impl::lost(std::string_view attempt) const {
  LoginWords words = read_login_words(pq_->error_message(handle_));
  if (!words.state.empty()) return server_failure(words.state, words.message, attempt, address_);
  return retryable("cannot {} ({}): {}", attempt, address_, words.message);
}

Failure Connection::Impl::refusal(const PGresult* result, std::string_view attempt) const {
  auto field = [&](int code) {
    const char* text = pq_->result_error_field(result, code);
    return std::string(text ? text : "");
  };
  std::string state = field(PG_DIAG_SQLSTATE);
  if (state.empty()) return lost(attempt);  // libpq's own: there is no connection any more
  std::string message = field(PG_DIAG_MESSAGE_PRIMARY), detail = field(PG_DIAG_MESSAGE_DETAIL);
  if (!detail.empty()) message += ": " + detail;
  std::replace(message.begin(), message.end(), '\n', ' ');
  return server_failure(state, message, attempt, address_);
}

Answer Connection::Impl::read(const PGresult* result) const {
  Answer answer;
  answer.command = pq_->command_status(const_cast<PGresult*>(result));
  answer.affected = std::strtoull(pq_->command_rows(const_cast<PGresult*>(result)), nullptr, 10);
  int columns = pq_->column_count(result);
  for (int row = 0; row < pq_->row_count(result); ++row) {
    auto& fields = answer.rows.emplace_back(columns);
    for (int i = 0; i < columns; ++i) {
      if (pq_->is_null(result, row, i)) continue;
      fields[i].emplace(pq_->value(result, row, i), pq_->length(result, row, i));
    }
  }
  return answer;
}

Result<void> Connection::Impl::send(const std::string& sql, std::span<const Parameter> parameters,
                                    std::string_view attempt, milliseconds patience) {
  std::vector<const char*> values;
  std::vector<int> sizes, forms;
  for (const Parameter& each : parameters) {
    values.push_back(each.bytes.data());
    sizes.push_back(static_cast<int>(each.bytes.size()));
    forms.push_back(each.binary ? 1 : 0);
  }
  int count = static_cast<int>(parameters.size());
  if (!pq_->send_query(handle_, sql.c_str(), count, nullptr, values.data(), sizes.data(), forms.data(), 0))
    return lost(attempt);
  // The server may speak before it has read all; what it says is taken, else both would wait.
  for (;;) {
    int unsent = pq_->flush(handle_);
    if (unsent < 0) return lost(attempt);
    if (unsent == 0) return {};
    SLUICE_TRY(wait(POLLIN | POLLOUT, patience, attempt));
    if (!pq_->consume_input(handle_)) return lost(attempt);
  }
}

Result<Answer> Connection::Impl::receive(std::string_view attempt, milliseconds patience) {
  std::optional<Result<Answer>> answer;
  for (;;) {
    while (pq_->is_busy(handle_)) {
      SLUICE_TRY(wait(POLLIN, patience, attempt));
      if (!pq_->consume_input(handle_)) return lost(attempt);
    }
    PGresult* result = pq_->get_result(handle_);
    if (!result) break;
    ExecStatusType status = pq_->result_status(result);
    if (answer) {
      // What follows a failure says no more than that.
    } else if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
      answer = read(result);
    } else {
      answer = refusal(result, attempt);
    }
    pq_->clear(result);
  }
  if (!answer || pq_->status(handle_) == CONNECTION_BAD) {
    if (answer && !*answer) return std::move(*answer);
    return lost(attempt);
  }
  return std::move(*answer);
}

Result<Answer> Connection::Impl::query(const std::string& sql, std::span<const Parameter> parameters,
                                       std::string_view attempt, milliseconds patience) {
  if (interrupt_.raised()) return stopped();
  SLUICE_TRY(send(sql, parameters, attempt, patience));
  return receive(attempt, patience);
}

Connection::Connection(ConnectionOptions options, const Interrupt& interrupt)
    : impl_(std::make_unique<Impl>(std::move(options), interrupt)) {}
Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

Result<void> Connection::connect() { return impl_->connect(); }
Result<Answer> Connection::query(const std::string& sql, std::span<const Parameter> parameters,
                                 std::string_view attempt, std::chrono::milliseconds patience) {
  return impl_->query(sql, parameters, attempt, patience);
}
Result<Answer> Connection::query(const std::string& sql, std::span<const Parameter> parameters,
                                 std::string_view attempt) {
  return impl_->query(sql, parameters, attempt, impl_->query_timeout());
}

}  // namespace sluice::postgresql
