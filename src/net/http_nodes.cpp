#include "net/http_nodes.h"

#include "base/url.h"

namespace sluice {

Result<HttpNodesSetup> read_nodes(const Settings& settings) {
  HttpNodesSetup made;
  std::string where = settings.where("url");
  for (std::string text : settings.list("url")) {
    if (!text.starts_with("http://") && !text.starts_with("https://")) {
      return usage("{}: url: '{}': expected http:// or https://", where, safe_url(text));
    }
    auto url = parse_url(text);
    if (!url) return while_doing(where, std::move(url).error());
    if (!url->user.empty() || url->has_password) {
      return usage(
          "{}: url: '{}': a name or password in the URL would be seen in logs; use the options user and "
          "password",
          where, safe_url(text));
    }
    if (url->host.empty()) return usage("{}: url: '{}' names no host", where, text);
    if (text.find_first_of("?# ") != text.npos) {
      return usage("{}: url: '{}': expected the server's address alone, without ?, # and spaces", where,
                   text);
    }
    while (text.ends_with('/')) text.pop_back();
    made.urls.push_back(std::move(text));
  }
  if (made.urls.empty()) return usage("{}: url: expected one address at least", where);
  if (settings.given("password") && !settings.given("user")) {
    return usage("{}: password needs a user", settings.where("password"));
  }
  made.client.user = settings.text("user");
  made.client.password = settings.secret("password");
  made.client.patience = settings.duration("timeout");
  SLUICE_ASSIGN(tls, read_tls(settings));
  made.client.tls = std::move(tls);
  return made;
}

Result<std::unique_ptr<HttpNodes>> HttpNodes::make(HttpNodesSetup setup, size_t ways,
                                                   const Interrupt& interrupt) {
  SLUICE_ASSIGN(client, HttpClient::make(std::move(setup.client), ways, interrupt));
  return std::make_unique<HttpNodes>(std::move(client), std::move(setup.urls), ways);
}

HttpNodes::HttpNodes(std::unique_ptr<HttpClient> client, std::vector<std::string> urls, size_t ways)
    : client_(std::move(client)), urls_(std::move(urls)), ways_(ways) {
  for (size_t i = 0; i < ways; ++i) ways_[i].node = i % urls_.size();
}

void HttpNodes::start(size_t number, const Request& request) {
  Way& way = ways_[number];
  way.tried = 0;
  way.method = request.method;
  way.path = request.path;
  way.headers = &request.headers;
  way.body = request.body;
  send(number);
}

void HttpNodes::send(size_t number) {
  Way& way = ways_[number];
  way.url = urls_[way.node] + way.path;
  client_->start(number, {way.method, way.url, *way.headers, way.body});
}

Result<size_t> HttpNodes::wait() {
  for (;;) {
    SLUICE_ASSIGN(number, client_->wait());
    Way& way = ways_[number];
    if (client_->answer(number).outcome != HttpAnswer::Outcome::Broken) return number;
    way.node = (way.node + 1) % urls_.size();
    if (++way.tried >= urls_.size()) return number;
    send(number);
  }
}

Result<const HttpAnswer*> HttpNodes::ask(const Request& request) {
  start(0, request);
  SLUICE_ASSIGN(number, wait());
  return &client_->answer(number);
}

std::string HttpNodes::told(size_t number) const {
  const Way& way = ways_[number];
  return describe(way.method, way.url, client_->answer(number));
}

}  // namespace sluice
