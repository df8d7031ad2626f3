// The options by which the schemas of a binary format are registered, for tables of options. Who sends the
// messages reads them (sink/registry/options.h); an encoder asks only whether there is a registry.
#pragma once

#include "base/option.h"

namespace sluice {

constexpr Option kRegistry = {"registry",
                              OptionKind::List,
                              "",
                              "URLs of a schema registry that speaks Confluent's protocol; the next is asked "
                              "where one does not answer; none: "
                              "messages are bare bodies",
                              {},
                              false,
                              "URL,..."};
constexpr Option kRegistrySubject = {
    "subject", OptionKind::Choice, "",
    "under which subject a schema is registered: TOPIC-value, its record's name, or TOPIC-RECORD; none: "
    "topic_name where the target has topics, else record_name",
    "topic_name|record_name|topic_record_name"};
constexpr Option kRegistryRegister = {
    "register", OptionKind::Boolean, "true",
    "register schemas; false: only those that are registered already may be used"};
constexpr Option kRegistryUser = {"registry_user", OptionKind::Text, "", "for basic authentication"};
constexpr Option kRegistryPassword = {"registry_password", OptionKind::Secret, "", "its password"};
constexpr Option kRegistryBearer = {
    "registry_bearer", OptionKind::Secret, "", "a token, sent as Authorization: Bearer", {}, false, "TOKEN"};
constexpr Option kRegistryCa = {"registry_ca",
                                OptionKind::Text,
                                "",
                                "certificates that the registry's is checked by; none: the system's",
                                {},
                                false,
                                "FILE"};
constexpr Option kRegistryVerify = {"registry_verify", OptionKind::Boolean, "true",
                                    "check the registry's certificate"};
constexpr Option kRegistryCert = {
    "registry_cert", OptionKind::Text, "", "a certificate to show to the registry", {}, false, "FILE"};
constexpr Option kRegistryKey = {"registry_key", OptionKind::Text, "", "its key", {}, false, "FILE"};
constexpr Option kRegistryTimeout = {"registry_timeout",
                                     OptionKind::Duration,
                                     "10s",
                                     "how long the registry may take to answer",
                                     {},
                                     false,
                                     {},
                                     10,
                                     600'000};

#define SLUICE_REGISTRY_OPTIONS                                                                      \
  kRegistry, kRegistrySubject, kRegistryRegister, kRegistryUser, kRegistryPassword, kRegistryBearer, \
      kRegistryCa, kRegistryVerify, kRegistryCert, kRegistryKey, kRegistryTimeout

}  // namespace sluice
