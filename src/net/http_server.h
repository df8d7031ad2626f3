// HttpServer: answers GET requests for a few fixed pages, on threads of its own. One small file knows the
// library.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice {

// `127.0.0.1:9187`, `[::1]:9187`, `localhost:9187`, or `9187` alone for 127.0.0.1. Port 0 takes a free one.
struct ListenAddress {
  std::string host;
  uint16_t port = 0;

  static Result<ListenAddress> parse(std::string_view text);  // Usage fault: it is none
  bool is_loopback() const;
};

struct HttpAnswer {
  int status = 200;
  std::string type;
  std::string body;
};

struct HttpPage {
  std::string path;
  std::function<HttpAnswer()> answer;  // called by several threads at once
};

class HttpServer {
 public:
  // Listens when it returns. `token`: must come with each request (Authorization: Bearer); empty: none is
  // asked for.
  static Result<std::unique_ptr<HttpServer>> start(const ListenAddress& address, std::vector<HttpPage> pages,
                                                   const std::string& token = {});
  ~HttpServer();
  uint16_t port() const;

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
