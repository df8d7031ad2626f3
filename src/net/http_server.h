// HttpServer: answers GET and HEAD requests for a few fixed pages over HTTP/1.1, on one thread of its own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/listener.h"

namespace sluice {

struct HttpAnswer {
  int status = 200;
  std::string type;
  std::string body;
};

struct HttpPage {
  std::string path;
  std::function<HttpAnswer()> answer;  // on the server's thread
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
