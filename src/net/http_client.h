// HttpClient: requests by HTTP over a fixed number of ways, of which each has at most one under way. One
// thread owns it. A proxy is taken from the environment, as libcurl does (https_proxy, no_proxy).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/interrupt.h"
#include "base/result.h"
#include "base/secret.h"
#include "net/stream.h"

namespace sluice {

struct HttpSetup {
  TlsSetup tls;                           // of https:// URLs; `on` says nothing here
  std::string_view ca_option = "tls_ca";  // where TlsSetup::ca comes from, for messages
  std::string user;                       // for basic authentication; empty: none
  Secret password;
  Secret bearer;        // a token; empty: none
  bool follow = false;  // go where a redirection points to, with the same request
  // Without an answer, counted from the last byte of the request that went out.
  std::chrono::milliseconds patience{30'000};
  size_t most_body = 64 << 10;  // of an answer; of what follows nothing is read
};

// Of one request, in the order in which they were added. Used again and again, it allocates nothing.
class HttpHeaders {
 public:
  void clear();
  // Both are legal as they are.
  void add(std::string_view name, std::string_view value);
  // Whatever they hold: by append_header_name() and append_header_value().
  void add_escaped(std::string_view name, std::string_view value);
  // The same in steps: begin(), what is appended to the value, end().
  Bytes& begin(std::string_view name);
  void end() { text_.push('\0'); }

  size_t size() const { return begins_.size(); }
  // `name: value`, with a NUL behind it; valid until the next change.
  const char* line(size_t i) const { return text_.data() + begins_[i]; }

 private:
  void end_value(size_t begin);

  Bytes text_;
  std::vector<size_t> begins_;
};

struct HttpRequest {
  const char* method = nullptr;  // none: POST
  const std::string& url;
  const HttpHeaders& headers;
  std::string_view body;
};

struct HttpAnswer {
  static constexpr size_t kMostHeaders = 256 << 10;  // more is no answer

  enum class Outcome : uint8_t {
    Answered,     // there is a status
    Broken,       // no connection, or no whole answer
    Certificate,  // the server's is refused, or a file of our own does not do
    Address,      // the URL is none that can be asked
  };
  Outcome outcome = Outcome::Answered;
  std::string why;  // where it was not answered
  int status = 0;
  std::string body;                     // its first HttpSetup::most_body bytes
  bool cut = false;                     // there is more of it
  std::chrono::seconds retry_after{0};  // 0: it names none
  std::string location;                 // of a redirection that was not followed
};

// What came of a request, for a message: without the query of its URL, where secrets may stand.
std::string describe(std::string_view method, std::string_view url, const HttpAnswer& answer);

class HttpClient {
  struct Impl;

 public:
  // `interrupt` outlives it. Fails where libcurl is not on the machine.
  static Result<std::unique_ptr<HttpClient>> make(HttpSetup setup, size_t ways, const Interrupt& interrupt);
  explicit HttpClient(std::unique_ptr<Impl> impl);
  ~HttpClient();

  // The way has no request under way. What `request` points to stays until its answer is there.
  void start(size_t way, const HttpRequest& request);
  // The way whose request ended first; there is one under way. Stopped when interrupted: then all of them are
  // given up.
  Result<size_t> wait();
  // Until the next start().
  const HttpAnswer& answer(size_t way) const;

 private:
  std::unique_ptr<Impl> impl_;
};

// Where they hold what no header can, names get a `-` for each such character and values its percent escape
// (also `%` itself, and a space at either end).
void append_header_name(Bytes& out, std::string_view name);
void append_header_value(Bytes& out, std::string_view value);
bool is_header_name(std::string_view name);

}  // namespace sluice
