// HttpServer: a small server of HTTP/1.1 on a free port of 127.0.0.1, with one thread, for tests of clients.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace sluice::test {

class HttpServer {
 public:
  struct Request {
    std::string method, target, body;
    std::vector<std::pair<std::string, std::string>> headers;
    int connection = 0;  // the same for all that came over one

    std::string header(std::string_view name) const;  // in any case; empty where it is absent
  };
  // All bytes of the answer; behind one that is not whole, or empty, the connection is closed. Nothing: the
  // client waits for ever. Called on the server's thread.
  using Answer = std::function<std::optional<std::string>(const Request&)>;

  explicit HttpServer(Answer answer);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;

  std::string url() const;
  static std::string reply(int status, std::string_view body = "", std::string_view headers = "");

 private:
  void serve();
  // False: the connection is over.
  bool take(int connection, std::string& bytes);

  const Answer answer_;
  int listener_, stop_[2], port_ = 0;
  std::map<int, std::string> connections_;  // by descriptor: what came and was not yet answered
  std::map<int, int> numbers_;
  std::thread thread_;
};

}  // namespace sluice::test
