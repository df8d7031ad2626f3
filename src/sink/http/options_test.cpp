#include "sink/http/options.h"

#include <gtest/gtest.h>

#include "sink/http/http_sink.h"

namespace sluice::http {
namespace {

using Given = std::vector<std::pair<std::string, std::string>>;

Result<HttpOptions> parse(const Given& given) {
  Settings settings(option_table());
  for (const auto& [name, value] : given) {
    // As in YAML: a list of one.
    if (auto set = settings.set(name, {value}, "f.yaml:1:2"); !set) return tl::unexpected(set.error());
  }
  if (auto finished = settings.finish("f.yaml:1:1"); !finished) return tl::unexpected(finished.error());
  return parse_options(settings);
}

TEST(HttpOptions, MistakesAreSaidWithTheirPlace) {
  const std::pair<Given, std::string> cases[] = {
      {{}, "'url' is missing"},
      {{{"url", "ftp://h/"}}, "f.yaml:1:2: url: 'ftp://h/': expected http:// or https://"},
      {{{"url", "h/path"}}, "expected http:// or https://"},
      {{{"url", "http://"}}, "names no host"},
      {{{"url", "http:///x"}}, "names no host"},
      {{{"url", "http://h:99999/"}}, "its port is not a number from 1 to 65535"},
      {{{"url", "http://h:{hash:key%4}x/"}}, "its port is not a number"},
      {{{"url", "http://[::1/"}}, "no closing bracket"},
      {{{"url", "http://h/a b"}}, "a space or control character must be escaped"},
      {{{"url", "http://me:hidden@h/"}}, "'http://me:***@h/': a name or password in the URL"},
      {{{"url", "http://me@h/"}}, "use the options user and password"},
      {{{"url", "http://h/"}, {"method", "GET"}}, "expected one of POST, PUT"},
      {{{"url", "http://h/"}, {"body", "xml"}}, "expected one of change, array, ndjson, form"},
      {{{"url", "http://h/"}, {"max_changes", "5"}},
       "max_changes is for body: array and body: ndjson, not for body: change"},
      {{{"url", "http://h/"}, {"body", "form"}, {"max_bytes", "1MB"}}, "not for body: form"},
      {{{"url", "http://h/"}, {"body", "array"}, {"max_changes", "0"}}, "max_changes"},
      {{{"url", "http://h/"}, {"body", "array"}, {"max_bytes", "10"}}, "max_bytes"},
      {{{"url", "http://h/"}, {"form_data", "x"}}, "form_data is for body: form"},
      {{{"url", "http://h/"}, {"connections", "0"}}, "connections"},
      {{{"url", "http://h/"}, {"connections", "65"}}, "connections"},
      {{{"url", "http://h/"}, {"timeout", "1ms"}}, "timeout"},
      {{{"url", "http://h/"}, {"headers", "hidden"}}, "headers: expected NAME: VALUE"},
      {{{"url", "http://h/"}, {"headers", "a b: hidden"}}, "headers: expected NAME: VALUE"},
      {{{"url", "http://h/"}, {"headers", ": hidden"}}, "headers: expected NAME: VALUE"},
      {{{"url", "http://h/"}, {"headers", "A: hidden\nB: c"}}, "the value of A holds a line break"},
      {{{"url", "http://h/"}, {"headers", "Content-Type: hidden"}}, "use the option content_type"},
      {{{"url", "http://h/"}, {"headers", "content-length: 1"}}, "it follows from the body"},
      {{{"url", "http://h/"}, {"headers", "X-Sluice-Signature: 1"}}, "use the option hmac_secret"},
      {{{"url", "http://h/"}, {"bearer", "b"}, {"headers", "Authorization: hidden"}},
       "bearer or user say it already"},
      {{{"url", "http://h/"}, {"content_type", "a\r\nb"}}, "content_type holds a line break"},
      {{{"url", "http://h/"}, {"bearer", "a\nhidden"}}, "the token holds a line break"},
      {{{"url", "http://h/"}, {"password", "hidden"}}, "password needs a user"},
      {{{"url", "http://h/"}, {"user", "u"}, {"bearer", "hidden"}}, "bearer and user cannot both be sent"},
      {{{"url", "http://h/"}, {"hmac_secret", ""}}, "hmac_secret is empty"},
      {{{"url", "https://h/"}, {"tls_cert", "x.pem"}}, "tls_cert and tls_key belong together"},
      {{{"url", "https://h/"}, {"tls_key", "x.pem"}}, "tls_cert and tls_key belong together"},
  };
  for (const auto& [given, expected] : cases) {
    auto parsed = parse(given);
    std::string what = parsed ? "accepted" : parsed.error().what;
    EXPECT_NE(what.find(expected), what.npos)
        << (given.empty() ? "nothing" : given.back().second) << ": " << what;
    EXPECT_EQ(what.find("hidden"), what.npos) << "a secret is shown: " << what;
    EXPECT_TRUE(parsed || parsed.error().fault == Fault::Usage) << what;
  }
}

TEST(HttpOptions, TheBaseIsWhatAllUrlsShare) {
  const std::pair<std::string, std::string> cases[] = {
      {"http://h", "http://h"},
      {"http://h/a?b=c", "http://h/a?b=c"},
      {"http://h/a/{table}", "http://h/a/"},
      {"http://h/a/x-{table}/y", "http://h/a/"},
      {"https://h:8443/{database}/{table}?k={key}", "https://h:8443/"},
      {"http://{database}.h/x", "http://"},
      {"http://h:808{hash:key%4}/x", "http://"},
  };
  for (const auto& [url, expected] : cases) {
    auto parsed = parse({{"url", url}});
    ASSERT_TRUE(parsed) << url << ": " << parsed.error().what;
    EXPECT_EQ(parsed->base, expected) << url;
  }
}

TEST(HttpOptions, WhatIsSaidArrives) {
  auto parsed = parse({{"url", "http://h/"},
                       {"method", "PUT"},
                       {"body", "form"},
                       {"form_data", "a b&c"},
                       {"headers", "X-A:  1 : 2 "},
                       {"connections", "3"},
                       {"timeout", "2s"},
                       {"tls_verify", "no"}});
  ASSERT_TRUE(parsed) << parsed.error().what;
  EXPECT_TRUE(parsed->put);
  EXPECT_EQ(parsed->form_data, "a+b%26c");
  ASSERT_EQ(parsed->headers.size(), 1u);
  EXPECT_EQ(parsed->headers[0], std::pair(std::string("X-A"), std::string("1 : 2")));
  EXPECT_EQ(parsed->connections, 3u);
  EXPECT_EQ(parsed->client.patience, std::chrono::seconds(2));
  EXPECT_FALSE(parsed->client.tls.verify);
}

}  // namespace
}  // namespace sluice::http
