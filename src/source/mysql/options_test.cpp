#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "source/mysql/mysql_source.h"

namespace sluice {
namespace {

Result<MysqlSourceSetup> setup(const std::string& url) {
  Result<Url> parsed = parse_url(url);
  EXPECT_TRUE(parsed) << parsed.error().what;
  return mysql_setup(*parsed);
}

TEST(MysqlOptions, Defaults) {
  auto made = setup("mysql://db");
  ASSERT_TRUE(made) << made.error().what;
  EXPECT_EQ(made->connection.host, "db");
  EXPECT_EQ(made->connection.port, 3306);
  EXPECT_EQ(made->connection.user, "root");
  EXPECT_EQ(made->connection.tls, mysql::Tls::Preferred);
  EXPECT_EQ(made->start.kind, StartPoint::Kind::Now);
  EXPECT_EQ(made->server_id, 0u);
  EXPECT_EQ(made->heartbeat.count(), 3000);
  EXPECT_FALSE(made->semi_sync);
}

TEST(MysqlOptions, AllFromTheUrl) {
  auto made = setup(
      "mariadb://u:p%40@[::1]:3307/?tls=verify-ca&start=bin.000007:4&server_id=9&heartbeat=1s&compression=yes"
      "&connect_timeout=2s");
  ASSERT_TRUE(made) << made.error().what;
  EXPECT_EQ(mysql::address(made->connection), "u@[::1]:3307");
  EXPECT_EQ(made->connection.password.reveal(), "p@");
  EXPECT_EQ(made->connection.tls, mysql::Tls::VerifyCa);
  EXPECT_TRUE(made->connection.compression);
  EXPECT_EQ(made->connection.connect_timeout.count(), 2000);
  EXPECT_EQ(made->start.file, "bin.000007");
  EXPECT_EQ(made->server_id, 9u);
  EXPECT_EQ(made->heartbeat.count(), 1000);
}

TEST(MysqlOptions, SettingsComeBeforeTheUrl) {
  Settings settings(mysql_source_options());
  ASSERT_TRUE(settings.set("url", {"mysql://u@db/?tls=off&heartbeat=5s"}, "s.yaml:3:8"));
  ASSERT_TRUE(settings.set("tls", {"required"}, "s.yaml:4:8"));
  auto made = mysql_setup(settings);
  ASSERT_TRUE(made) << made.error().what;
  EXPECT_EQ(made->connection.tls, mysql::Tls::Required);
  EXPECT_EQ(made->heartbeat.count(), 5000);
}

TEST(MysqlOptions, Passwords) {
  auto folder = std::filesystem::temp_directory_path() / fmt::format("sluice-options-{}", ::getpid());
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "password") << "from file\r\nnot this\n";
  std::ofstream(folder / "empty") << "\n";
  auto with = [&](std::string_view name, std::string value) {
    Settings settings(mysql_source_options());
    EXPECT_TRUE(settings.set("url", {"mysql://u:url@db"}, "--url"));
    EXPECT_TRUE(settings.set(name, {std::move(value)}, "--it"));
    return mysql_setup(settings);
  };
  EXPECT_EQ(with("password_file", folder / "password")->connection.password.reveal(), "from file");
  ::setenv("SLUICE_TEST_PASSWORD", "from environment", 1);
  EXPECT_EQ(with("password_env", "SLUICE_TEST_PASSWORD")->connection.password.reveal(), "from environment");
  ::unsetenv("SLUICE_TEST_PASSWORD");
  for (auto [name, value, words] : {std::tuple<const char*, std::string, const char*>{
                                        "password_env", "SLUICE_TEST_PASSWORD", "is not set"},
                                    {"password_file", folder / "empty", "is empty"},
                                    {"password_file", folder / "none", "No such file"}}) {
    auto made = with(name, value);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().fault, Fault::Usage);
    EXPECT_NE(made.error().what.find(words), std::string::npos) << made.error().what;
    EXPECT_EQ(made.error().what.find("--it"), 0u) << made.error().what;
  }
  std::filesystem::remove_all(folder);
}

TEST(MysqlOptions, Mistakes) {
  const std::pair<const char*, const char*> cases[] = {
      {"postgres://db", "expected mysql://"},
      {"mysql://db/?tsl=off", "did you mean 'tls'"},
      {"mysql://db/?tls=maybe", "expected one of off, preferred"},
      {"mysql://db/?url=mysql://x", "cannot hold another"},
      {"mysql://db/?start=later", "no place in the log"},
      {"mysql://db/shop", "leave it out, and choose by tables: 'shop.*'"},
      {"mysql://db/?server_id=4294967296", "too large"},
      {"mysql://db/?heartbeat=1ms", "expected 10ms to 1h"},
      {"mysql://db/?heartbeat=3", "duration"},
      {"mysql://db/?semi_sync=true&compression=true", "do not go together"},
      {"mysql://db/?tls_cert=/dev/null", "belong together"},
      {"mysql://db/?tls_ca=/no/such.pem", "cannot be read: No such file"},
  };
  for (const auto& [url, words] : cases) {
    auto made = setup(url);
    ASSERT_FALSE(made) << url;
    EXPECT_EQ(made.error().fault, Fault::Usage) << url;
    EXPECT_NE(made.error().what.find(words), std::string::npos) << url << ": " << made.error().what;
  }
}

}  // namespace
}  // namespace sluice
