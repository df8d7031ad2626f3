// What all who log in to a database server are told in the same words.
#pragma once

#include <string_view>

#include "base/option.h"

namespace sluice::login {

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
constexpr Option kConnectTimeout = {"connect_timeout", OptionKind::Duration, "10s", "patience with a login"};

// From `password_file`, else `password_env`, else the URL's.
Result<Secret> password(const Settings& settings, const Secret& of_url);
// That the files named by those of these options that are given can be read.
Result<void> check_readable(const Settings& settings, std::initializer_list<std::string_view> options);
// The same, and that a certificate has its key.
Result<void> check_files(const Settings& settings, std::initializer_list<std::string_view> options);

}  // namespace sluice::login
