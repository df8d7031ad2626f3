#include "client/postgresql/failure.h"

#include <algorithm>

#include "net/certificate.h"

namespace sluice::postgresql {
namespace {

struct Meaning {
  std::string_view state;  // the whole of it, or its class (PostgreSQL manual, appendix A)
  Fault fault;
  std::string_view advice;
};

// The first that fits. What is not listed is Fatal and has no advice.
constexpr Meaning kMeanings[] = {
    {"08", Fault::Retryable, ""},
    {"25006", Fault::Retryable, "is it a standby?"},
    {"28", Fault::Usage,
     "check user name, password (in the URL or a password file) and the server's pg_hba.conf"},
    {"3D000", Fault::Usage, "create the database"},
    {"40", Fault::Retryable, ""},  // deadlocks, serialization
    {"42501", Fault::Usage, "GRANT it to the account"},
    {"53", Fault::Retryable, ""},  // connections, memory, disk
    {"55006", Fault::Retryable, ""},
    {"55P03", Fault::Retryable, ""},  // lock_timeout
    {"57", Fault::Retryable, ""},     // shutdown, a query that was cancelled
    {"58", Fault::Retryable, ""},
    {"XX", Fault::Retryable, ""},
};

// Libpq (15) does not say why.
constexpr std::string_view kRefused =
    "it has expired, or tls_ca lacks the authority that signed it: `openssl s_client -starttls postgres "
    "-connect HOST:PORT` tells which";
constexpr std::string_view kCertificate =
    "check tls_ca, tls_cert and tls_key, and that the certificate is made out to the host of the URL "
    "(tls=verify-ca does without the latter)";

// Libpq's own (fe-secure-openssl.c, fe-connect.c), where no server has spoken.
Meaning meaning_of_words(std::string_view message) {
  auto has = [&](std::string_view words) { return message.find(words) != std::string_view::npos; };
  if (has("does not support SSL") || has("does not support TLS"))
    return {"", Fault::Usage, "set tls=off or tls=preferred, or give the server a certificate"};
  if (has("certificate verify failed")) return {"", Fault::Usage, kRefused};
  if (has("certificate") || has("private key file") || has("tlsv1 alert") || has("sslv3 alert"))
    return {"", Fault::Usage, kCertificate};
  if (has("no password supplied"))
    return {"", Fault::Usage, "give a password, in the URL or a password file"};
  if (has("translate host name")) return {"", Fault::Retryable, "check the host name"};
  return {"", Fault::Retryable, ""};
}

}  // namespace

Failure server_failure(std::string_view state, std::string_view message, std::string_view attempt,
                       std::string_view address) {
  Meaning meaning{"", Fault::Fatal, ""};
  if (state.empty()) {
    meaning = meaning_of_words(message);
  } else {
    auto found = std::find_if(std::begin(kMeanings), std::end(kMeanings),
                              [&](const Meaning& each) { return state.starts_with(each.state); });
    if (found != std::end(kMeanings)) meaning = *found;
  }
  std::string what = fmt::format("cannot {} ({}): {}", attempt, address, message);
  if (!state.empty()) what += fmt::format(" (SQLSTATE {})", state);
  std::string exact =
      meaning.advice == kCertificate ? certificate_advice(message, "tls_ca", "tls=verify-ca") : "";
  if (!meaning.advice.empty()) what += fmt::format("; {}", exact.empty() ? meaning.advice : exact);
  return Failure(Error{meaning.fault, std::move(what)});
}

LoginWords read_login_words(std::string_view words) {
  LoginWords read;
  for (size_t begin = 0; begin < words.size();) {
    size_t end = std::min(words.find('\n', begin), words.size());
    std::string_view line = words.substr(begin, end - begin);
    begin = end + 1;
    line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
    if (line.empty() || line.starts_with("LOCATION:")) continue;
    // "FATAL:  28P01: password authentication failed": the first word may be of any language.
    size_t gap = line.find(":  ");
    bool coded = gap != std::string_view::npos && line.size() > gap + 10 && line.substr(gap + 8, 2) == ": ";
    if (coded) read.state = line.substr(gap + 3, 5);
    std::string_view message = coded ? line.substr(gap + 10) : line;
    if (read.message.find(message) != std::string::npos) continue;  // by TLS, and again without
    if (!read.message.empty()) read.message += "; ";
    read.message += message;
  }
  return read;
}

}  // namespace sluice::postgresql
