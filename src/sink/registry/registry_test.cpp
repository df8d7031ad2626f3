// What a registry may answer, and what may be said of one. How the sink bears it is
// test/servers/registry_test.py.
#include <gtest/gtest.h>

#include "format/encoder.h"
#include "sink/registry/options.h"
#include "sink/registry/registry_client.h"

namespace sluice {

extern const FormatType avro_format;

namespace registry {
namespace {

TEST(RegistryAnswer, TheIdOfAnObjectAndNothingElse) {
  const std::pair<std::string, int64_t> cases[] = {
      {R"({"id":7})", 7},
      {" \n{ \"id\" : 2147483647 , \"schema\":\"{}\"}", 2147483647},
      {R"({"subject":"id","version":1,"id":9,"references":[{"id":3}]})", 9},
      {R"({"schema":"{\"id\":5}","id":0})", 0},
      {R"({"metadata":{"id":4},"id":6})", 6},
      {R"({"metadata":{"id":4}})", -1},
      {R"({"id":"7"})", -1},
      {R"({"id":-1})", -1},
      {R"({"id":2147483648})", -1},
      {R"({"id":7.5})", -1},
      {R"({"id":7)", -1},
      {R"({"id":)", -1},
      {R"({"id)", -1},
      {R"({"id\)", -1},
      {R"([{"id":7}])", -1},
      {R"(7)", -1},
      {"", -1},
      {"<html>", -1},
  };
  for (const auto& [body, id] : cases) {
    auto found = number_in(body, "id");
    EXPECT_EQ(found ? int64_t{*found} : -1, id) << body;
  }
}

TEST(RegistryOptions, WhatIsWrongIsSaidWithItsPlace) {
  using Given = std::vector<std::pair<std::string, std::string>>;
  const std::pair<Given, std::string> cases[] = {
      {{{"subject", "record_name"}}, "line: subject says something of a registry, and there is none"},
      {{{"registry", "127.0.0.1:8081"}}, "line: registry: '127.0.0.1:8081': expected http:// or https://"},
      {{{"registry", "http://me:secret@host"}}, "use the options registry_user and registry_password"},
      {{{"registry", "http://host/?a=b"}}, "expected a host and a path"},
      {{{"registry", "http://host"}, {"registry_user", "me"}},
       "registry_user and registry_password belong together"},
      {{{"registry", "http://host"}, {"registry_cert", "c.pem"}},
       "registry_cert and registry_key belong together"},
      {{{"registry", "http://host"},
        {"registry_user", "me"},
        {"registry_password", "p"},
        {"registry_bearer", "t"}},
       "not by both"},
  };
  for (const auto& [given, words] : cases) {
    Settings settings(avro_format.options);
    for (const auto& [name, value] : given) { ASSERT_TRUE(settings.set(name, {value}, "line")); }
    auto made = parse_options(settings);
    ASSERT_FALSE(made) << words;
    EXPECT_NE(made.error().what.find(words), std::string::npos) << made.error().what;
    EXPECT_EQ(made.error().what.find("secret"), std::string::npos) << made.error().what;
  }
}

TEST(RegistryOptions, AreReadAsTheyAreMeant) {
  Settings settings(avro_format.options);
  EXPECT_FALSE(parse_options(settings)->has_value());
  ASSERT_TRUE(settings.set("registry", {"http://a:8081/", "https://b/apis/ccompat/v7"}, "line"));
  ASSERT_TRUE(settings.set("subject", {"topic_record_name"}, "line"));
  auto made = *parse_options(settings);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->urls, (std::vector<std::string>{"http://a:8081", "https://b/apis/ccompat/v7"}));
  EXPECT_EQ(made->subject, RegistryOptions::Subject::TopicRecordName);
  EXPECT_TRUE(made->registers);
}

}  // namespace
}  // namespace registry
}  // namespace sluice
