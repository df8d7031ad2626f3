#include "app/control.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "support/folder.h"

namespace sluice::app {
namespace {

class Control : public testing::Test {
 protected:
  std::string socket_path() const { return folder_ + "/control.sock"; }

  test::TemporaryFolder temporary_;
  const std::string& folder_ = temporary_.path();
};

std::string echo(const Request& request) {
  std::string all = "you said " + request.what;
  if (!request.sink.empty()) all += " of " + request.sink;
  for (uint64_t id : request.ids) all += fmt::format(" {}", id);
  return all;
}

// Sends the bytes as they are and returns what comes back.
std::string raw(const std::string& path, std::string_view bytes) {
  int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  ::shutdown(fd, SHUT_WR);
  std::string answer;
  char part[256];
  for (ssize_t n; (n = ::recv(fd, part, sizeof part, 0)) > 0;) answer.append(part, static_cast<size_t>(n));
  ::close(fd);
  return answer;
}

TEST_F(Control, AnswersUntilItsEndAndThenIsGone) {
  EXPECT_EQ(ask_control(folder_, {"status"}).value(), "");
  {
    auto server = ControlServer::start(folder_, echo);
    ASSERT_TRUE(server) << server.error().what;
    EXPECT_EQ(ask_control(folder_, {"status"}).value(), "you said status");
    EXPECT_EQ(ask_control(folder_, {"stop"}).value(), "you said stop");
    struct stat facts;
    ASSERT_EQ(::stat(socket_path().c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600u) << "the owner's alone";
  }
  EXPECT_FALSE(std::filesystem::exists(socket_path()));
  EXPECT_EQ(ask_control(folder_, {"status"}).value(), "");
}

TEST_F(Control, CarriesWhatItIsAskedFor) {
  auto server = ControlServer::start(folder_, echo);
  ASSERT_TRUE(server) << server.error().what;
  EXPECT_EQ(ask_control(folder_, {"retry", "a \"quoted\" sink", {3, 18446744073709551615u}}).value(),
            "you said retry of a \"quoted\" sink 3 18446744073709551615");
  EXPECT_EQ(ask_control(folder_, {"drop"}).value(), "you said drop");
}

TEST_F(Control, TakesOverASocketThatADeadProcessLeft) {
  int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket_path().c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::close(fd);
  EXPECT_EQ(ask_control(folder_, {"status"}).value(), "") << "nobody listens";
  auto server = ControlServer::start(folder_, echo);
  ASSERT_TRUE(server) << server.error().what;
  EXPECT_EQ(ask_control(folder_, {"status"}).value(), "you said status");
}

TEST_F(Control, SurvivesWhatIsNoRequest) {
  auto server = ControlServer::start(folder_, echo);
  ASSERT_TRUE(server) << server.error().what;
  const std::string expected = "{\"error\":\"expected {\\\"do\\\":WORD} of: status stop retry drop\"}\n";
  EXPECT_EQ(raw(socket_path(), "{ \"do\" : \"stop\" }\n"), "you said stop\n");
  EXPECT_EQ(raw(socket_path(), "{\"do\":\"dance\"}\n"), expected);
  for (const char* bad :
       {"\n", "[[[[\n", "stop\n", "{\"do\":\"retry\",\"ids\":[1,\"x\"]}\n", "{\"do\":[]}\n", "{}\n"}) {
    EXPECT_EQ(raw(socket_path(), bad), expected) << bad;
  }
  EXPECT_EQ(raw(socket_path(), "{\"do\":\"status\"}"), "") << "a line without its end";
  EXPECT_EQ(raw(socket_path(), ""), "");
  EXPECT_EQ(ask_control(folder_, {"status"}).value(), "you said status");
}

TEST_F(Control, AFolderThatIsNotThereIsTheOperatorsMistake) {
  auto asked = ask_control(folder_ + "/none", {"status"});
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().fault, Fault::Usage);
}

}  // namespace
}  // namespace sluice::app
