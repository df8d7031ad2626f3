// The options of whoever logs in to a MySQL or MariaDB server, and what becomes of them.
#pragma once

#include "base/option.h"
#include "base/url.h"
#include "client/mysql/connection.h"

namespace sluice::mysql {

constexpr Option kPasswordFile = {
    "password_file", OptionKind::Text, "", "file whose first line is the password", {}, false, "FILE"};
constexpr Option kPasswordEnv = {
    "password_env", OptionKind::Text, "", "environment variable that holds the password", {}, false, "NAME"};
constexpr Option kTls = {"tls", OptionKind::Choice, "preferred",
                         "encryption, and what is verified of the server's certificate",
                         "off|preferred|required|verify-ca|verify-identity"};
constexpr Option kTlsCa = {"tls_ca", OptionKind::Text,
                           "",       "PEM file of the authorities that sign the server's certificate",
                           {},       false,
                           "FILE"};
constexpr Option kTlsCert = {
    "tls_cert", OptionKind::Text, "", "PEM file of the client's certificate", {}, false, "FILE"};
constexpr Option kTlsKey = {"tls_key", OptionKind::Text, "", "PEM file of the client's key", {}, false,
                            "FILE"};
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
constexpr Option kConnectTimeout = {"connect_timeout", OptionKind::Duration, "10s", "patience with a login"};

// Of settings that have all of the options above and `url`.
Result<ConnectionOptions> connection_options(const Settings& settings, const Url& url);

}  // namespace sluice::mysql
