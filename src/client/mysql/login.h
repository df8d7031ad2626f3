// The options of whoever logs in to a MySQL or MariaDB server, and what becomes of them.
#pragma once

#include "base/login.h"
#include "base/url.h"
#include "client/mysql/connection.h"

namespace sluice::mysql {

using login::kConnectTimeout, login::kPasswordEnv, login::kPasswordFile;
using login::kTls, login::kTlsCa, login::kTlsCert, login::kTlsKey;
constexpr Option kServerPublicKey = {
    "server_public_key",
    OptionKind::Text,
    "",
    "PEM file of the server's RSA key, for caching_sha2_password without TLS",
    {},
    false,
    "FILE"};
constexpr Option kCompression = {"compression", OptionKind::Boolean, "false",
                                 "compress what is sent over the network (zlib)"};

// Of settings that have all of the options above and `url`.
Result<ConnectionOptions> connection_options(const Settings& settings, const Url& url);

}  // namespace sluice::mysql
