#include "net/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

namespace sluice {
namespace {

using testing::HasSubstr;

TEST(Certificate, SaysWhatToDoAboutEachReason) {
  struct Case {
    std::string_view words, advice;
  };
  const Case cases[] = {
      {certificate_fault(X509_V_ERR_CERT_HAS_EXPIRED), "have it renewed"},
      {certificate_fault(X509_V_ERR_CERT_NOT_YET_VALID), "clock"},
      {certificate_fault(X509_V_ERR_HOSTNAME_MISMATCH), "name the host as its certificate does"},
      {certificate_fault(X509_V_ERR_IP_ADDRESS_MISMATCH), "name the host as its certificate does"},
      {certificate_fault(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY), "that signed it in ca_file"},
      {certificate_fault(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT), "that signed it in ca_file"},
      {certificate_fault(X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN), "that signed it in ca_file"},
      {certificate_fault(X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE), "that signed it in ca_file"},
      {"SSL: no alternative certificate subject name matches target host name 'h'",
       "as it is named (no=names "},
      {"server certificate for \"a\" does not match host name \"h\"", "as it is named (no=names "},
      {"Validation of SSL server certificate failed", "as it is named (no=names "},
  };
  for (const Case& each : cases)
    EXPECT_THAT(certificate_advice(each.words, "ca_file", "no=names"), HasSubstr(std::string(each.advice)))
        << each.words;
  EXPECT_THAT(certificate_advice("hostname mismatch"), testing::EndsWith("as it is named"));
  EXPECT_EQ(certificate_advice("certificate verify failed"), "");
  EXPECT_EQ(certificate_advice("tlsv13 alert certificate required"), "");
}

}  // namespace
}  // namespace sluice
