// HttpNodes: several HTTP servers that are one, as the nodes of a cluster are: a request that finds no answer
// at one goes to the next. For targets that take a request twice without harm. One thread owns it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/option.h"
#include "net/http_client.h"
#include "net/timeout_option.h"
#include "net/tls_options.h"

namespace sluice {

// The options of such a target, beside those of net/tls_options.h and its own.
constexpr Option kNodesUrl = {"url",
                              OptionKind::List,
                              "",
                              "where it is: http:// or https://; several for the nodes of one cluster, of "
                              "which another is taken where one does not answer",
                              {},
                              true,
                              "URL,..."};
constexpr Option kNodesUser = {"user", OptionKind::Text, "", "who logs in"};
constexpr Option kNodesPassword = {"password", OptionKind::Secret, "", "its password"};
constexpr Option kNodesTimeout = timeout_option("60s");

struct HttpNodesSetup {
  HttpSetup client;
  std::vector<std::string> urls;  // without a slash at the end
};

// The options above and those of TLS. A Usage fault says which of them cannot be meant.
Result<HttpNodesSetup> read_nodes(const Settings& settings);

class HttpNodes {
 public:
  struct Request {
    const char* method = "POST";
    std::string path;  // with its first slash and the query
    const HttpHeaders& headers;
    std::string_view body = {};
  };

  // As HttpClient::make.
  static Result<std::unique_ptr<HttpNodes>> make(HttpNodesSetup setup, size_t ways,
                                                 const Interrupt& interrupt);
  HttpNodes(std::unique_ptr<HttpClient> client, std::vector<std::string> urls, size_t ways);

  // As HttpClient has them.
  void start(size_t way, const Request& request);
  Result<size_t> wait();
  const HttpAnswer& answer(size_t way) const { return client_->answer(way); }
  // Starts a request on the first way, none being under way, and waits for its answer.
  Result<const HttpAnswer*> ask(const Request& request);
  // What came of the last request of a way, for a message.
  std::string told(size_t way) const;

 private:
  struct Way {
    size_t node = 0;   // which it goes to
    size_t tried = 0;  // nodes that did not answer, of the request under way
    const char* method = nullptr;
    std::string path, url;
    const HttpHeaders* headers = nullptr;
    std::string_view body;
  };
  void send(size_t number);

  std::unique_ptr<HttpClient> client_;
  std::vector<std::string> urls_;
  std::vector<Way> ways_;
};

}  // namespace sluice
