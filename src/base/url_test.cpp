#include "base/url.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

struct Good {
  const char* text;
  const char* scheme;
  const char* user;
  const char* password;  // null: none
  const char* host;
  int port;
  const char* path;
};

TEST(Url, Parts) {
  const Good cases[] = {
      {"mysql://db", "mysql", "", nullptr, "db", 0, ""},
      {"MySQL://root@db:3307/", "mysql", "root", nullptr, "db", 3307, ""},
      {"mariadb://u:p@10.0.0.1:3306/shop", "mariadb", "u", "p", "10.0.0.1", 3306, "shop"},
      {"mysql://u:@h", "mysql", "u", "", "h", 0, ""},
      {"mysql://u:a@b@h:1", "mysql", "u", "a@b", "h", 1, ""},
      {"mysql://u:p%40%3A%2f%25@h", "mysql", "u", "p@:/%", "h", 0, ""},
      {"mysql://u%3Av:a:b@h", "mysql", "u:v", "a:b", "h", 0, ""},
      {"mysql://u:p+q@h", "mysql", "u", "p+q", "h", 0, ""},
      {"mysql://u@[::1]:3306/d", "mysql", "u", nullptr, "::1", 3306, "d"},
      {"mysql://[fe80::1%25eth0]", "mysql", "", nullptr, "fe80::1%eth0", 0, ""},
      {"mysql://h:/d%20e?tls=off#part", "mysql", "", nullptr, "h", 0, "d e"},
      {"mysql://h?tls=off", "mysql", "", nullptr, "h", 0, ""},
      {"mysql://u:p%C3%A4ss@h", "mysql", "u", "p\xC3\xA4ss", "h", 0, ""},
  };
  for (const Good& c : cases) {
    SCOPED_TRACE(c.text);
    Result<Url> url = parse_url(c.text);
    ASSERT_TRUE(url) << url.error().what;
    EXPECT_EQ(url->scheme, c.scheme);
    EXPECT_EQ(url->user, c.user);
    EXPECT_EQ(url->has_password, c.password != nullptr);
    EXPECT_EQ(url->password.reveal(), c.password ? c.password : "");
    EXPECT_EQ(url->host, c.host);
    EXPECT_EQ(url->port, c.port);
    EXPECT_EQ(url->path, c.path);
  }
}

TEST(Url, ParametersInOrder) {
  Result<Url> url = parse_url("mysql://h/?tls=verify-ca&ca=%2Ftmp%2Fca.pem&&flag&x=a=b");
  ASSERT_TRUE(url) << url.error().what;
  std::vector<std::pair<std::string, std::string>> expected = {
      {"tls", "verify-ca"}, {"ca", "/tmp/ca.pem"}, {"flag", ""}, {"x", "a=b"}};
  EXPECT_EQ(url->parameters, expected);
}

TEST(Url, BadOnesNeverShowThePassword) {
  const char* cases[] = {
      "root:Geheim@db",           "mysql:/root:Geheim@db",  "://u:Geheim@db",
      "my sql://u:Geheim@db",     "mysql://u:Geheim@db:0",  "mysql://u:Geheim@db:65536",
      "mysql://u:Geheim@db:33o6", "mysql://u:Geheim@[::1",  "mysql://u:Geheim@[::1]3306",
      "mysql://u:Geheim@::1",     "mysql://u:Geheim%@db",   "mysql://u:Geheim%zz@db",
      "mysql://u:Geheim%00@db",   "mysql://u%4:Geheim@db",  "mysql://u:Geheim/x@db:33o6",
      "mysql://u:Geheim@d%4xb",   "mysql://u:Geheim@db/a%", "mysql://u:Geheim@db/?a=%1",
  };
  for (const char* text : cases) {
    SCOPED_TRACE(text);
    Result<Url> url = parse_url(text);
    ASSERT_FALSE(url);
    EXPECT_EQ(url.error().fault, Fault::Usage);
    EXPECT_EQ(url.error().what.find("Geheim"), std::string::npos) << url.error().what;
    EXPECT_NE(url.error().what.find("expected scheme://"), std::string::npos) << url.error().what;
  }
}

TEST(Url, SafeForm) {
  EXPECT_EQ(safe_url("mysql://u:p@h:1/d"), "mysql://u:***@h:1/d");
  EXPECT_EQ(safe_url("mysql://u@h:1/d"), "mysql://u@h:1/d");
  EXPECT_EQ(safe_url("mysql://u:a/b@h"), "mysql://u:***@h");
  EXPECT_EQ(safe_url("u:p@h"), "u:***@h");
  EXPECT_EQ(safe_url("mysql://h:3306/d"), "mysql://h:3306/d");
}

}  // namespace
}  // namespace sluice
