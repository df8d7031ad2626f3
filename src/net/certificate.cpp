#include "net/certificate.h"

#include <fmt/core.h>
#include <openssl/x509.h>

#include <algorithm>
#include <initializer_list>

namespace sluice {

std::string_view certificate_fault(long number) { return X509_verify_cert_error_string(number); }

std::string certificate_advice(std::string_view words, std::string_view authorities,
                               std::string_view nameless) {
  auto has = [&](std::initializer_list<std::string_view> signs) {
    return std::any_of(signs.begin(), signs.end(),
                       [&](std::string_view sign) { return words.find(sign) != words.npos; });
  };
  if (has({"has expired"})) return "have it renewed, or set this machine's clock, should that be wrong";
  if (has({"not yet valid"})) return "set this machine's clock, or wait for the certificate's first day";
  // The last are MariaDB's for a name that the certificate does not have.
  if (has({"mismatch", "not match", "no alternative certificate subject", "Validation of SSL server"})) {
    return fmt::format(
        "name the host as its certificate does, or have one made out to the host as it is named{}",
        nameless.empty() ? "" : fmt::format(" ({} compares no names)", nameless));
  }
  // OpenSSL before 3.0 wrote "self signed".
  if (has({"issuer", "self-signed", "self signed", "first certificate"}))
    return fmt::format("name the PEM file of the authority that signed it in {}", authorities);
  return {};
}

}  // namespace sluice
