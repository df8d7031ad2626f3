#include "sink/nats/credentials.h"

#include <gtest/gtest.h>

namespace sluice::nats {
namespace {

// Of the bytes 0 to 31; public key and signature as Python's cryptography makes them.
constexpr const char* kSeed = "SUAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H776Y";
constexpr const char* kPublic = "UAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3RLKK";
constexpr const char* kSignature =
    "-HTq4d6DDHVNb8MsTRAZtSIa0vXA_yuZblwTA7JT5wYzmKBxJ2wpYfjHh7hcptZlidbVw_6ZLyubjm_yDk-OCQ";

TEST(NatsCredentials, SignsANonce) {
  const std::string seed = kSeed;
  const std::string file =
      "-----BEGIN NATS USER JWT-----\r\neyJ0.eyJq.c2ln\r\n------END NATS USER JWT------\r\n\r\n"
      "-----BEGIN USER NKEY SEED-----\r\n" +
      seed + "\r\n------END USER NKEY SEED------\r\n";
  const std::pair<std::string, const char*> cases[] = {
      {seed, ""}, {seed + "\n", ""}, {"# a comment\n#\n" + seed + " \n", ""}, {file, "eyJ0.eyJq.c2ln"}};
  for (const auto& [text, token] : cases) {
    auto made = Credentials::parse(text);
    ASSERT_TRUE(made) << text << ": " << made.error().what;
    EXPECT_EQ(made->public_key, kPublic);
    EXPECT_EQ(made->token.reveal(), token);
    EXPECT_EQ(made->sign("nonce"), kSignature);
  }
}

TEST(NatsCredentials, SayWhatIsWrongAndNothingOfTheSeed) {
  std::string damaged = kSeed, account = "SAAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H5MWY";
  damaged[20] = 'A';
  const std::pair<std::string, const char*> cases[] = {
      {"", "expected the seed of an NKey"},
      {"#", "expected the seed of an NKey"},
      {"hunter2", "expected the seed of an NKey"},
      {kPublic, "expected the seed"},
      {damaged, "the seed is damaged"},
      {"-----BEGIN NATS USER JWT-----\nx\n", "it holds no seed"},
      {"-----BEGIN USER NKEY SEED-----", "it holds no seed"},
  };
  for (const auto& [text, expected] : cases) {
    auto made = Credentials::parse(text);
    ASSERT_FALSE(made) << text;
    EXPECT_NE(made.error().what.find(expected), std::string::npos) << text << ": " << made.error().what;
    EXPECT_EQ(made.error().what.find("hunter2"), std::string::npos);
  }
  EXPECT_FALSE(Credentials::parse(account));
}

}  // namespace
}  // namespace sluice::nats
