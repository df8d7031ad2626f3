// What is wrong with a server's certificate that was refused, and what to do about it, for messages.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// OpenSSL's words for its number (X509_V_ERR_…).
std::string_view certificate_fault(long number);

// `words`: of whoever refused it, be it OpenSSL, libcurl, libpq or MariaDB's client library. `authorities`:
// the option that names the file of them. `nameless`: the setting that does without the comparison of names,
// where there is one. Empty: the words do not tell.
std::string certificate_advice(std::string_view words, std::string_view authorities = "tls_ca",
                               std::string_view nameless = {});

}  // namespace sluice
