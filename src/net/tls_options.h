// The options by which a sink's address is encrypted, for tables of options, and what they mean.
#pragma once

#include "base/option.h"
#include "net/stream.h"

namespace sluice {

constexpr Option kTlsCa = {"tls_ca", OptionKind::Text,
                           "",       "certificates that the server's is checked by; none: the system's",
                           {},       false,
                           "FILE"};
constexpr Option kTlsVerify = {"tls_verify", OptionKind::Boolean, "true",
                               "where the connection is encrypted, check the server's certificate"};
constexpr Option kTlsCert = {
    "tls_cert", OptionKind::Text, "", "a certificate to show to the server", {}, false, "FILE"};
constexpr Option kTlsKey = {"tls_key", OptionKind::Text, "", "its key", {}, false, "FILE"};

// All but `on`. A Usage fault says what does not go together.
Result<TlsSetup> read_tls(const Settings& settings);

}  // namespace sluice
