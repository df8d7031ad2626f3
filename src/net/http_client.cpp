#include "net/http_client.h"

#include <algorithm>

#include "base/check.h"
#include "base/clock.h"
#include "base/url.h"
#include "net/certificate.h"
#include "net/curl_library.h"

namespace sluice {
namespace {

// How often it is looked whether requests move, at least; and so many times within the patience.
constexpr std::chrono::milliseconds kLook{1000};
constexpr int kLooks = 4;
constexpr long kMostRedirections = 5;
constexpr size_t kShown = 200;  // characters of an answer in a message

using Outcome = HttpAnswer::Outcome;

Outcome kind_of(CURLcode code, bool asked) {
  switch (code) {
    case CURLE_URL_MALFORMAT: return Outcome::Address;
    // Also of an answer without a status line.
    case CURLE_UNSUPPORTED_PROTOCOL: return asked ? Outcome::Broken : Outcome::Address;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR: return Outcome::Certificate;
    default: return Outcome::Broken;
  }
}

}  // namespace

struct HttpClient::Impl {
  struct Way {
    CURL* easy = nullptr;
    bool active = false;
    SteadyTime moved;          // when the request moved last
    curl_off_t sent = 0;       // of its body, by then
    size_t header_bytes = 0;   // of the answer
    size_t most_body = 0;      // of the answer
    bool headers_cut = false;  // likewise of its headers
    std::string url;           // as libcurl has it
    std::vector<curl_slist> headers;
    HttpAnswer answer;
    char words[CURL_ERROR_SIZE];
  };

  Impl(const CurlLibrary& library, HttpSetup given, size_t count, const Interrupt& stop)
      : curl(library), setup(std::move(given)), interrupt(stop), ways(count) {
    multi = curl.multi_init();
    CHECK(multi);
    // One request to a connection: where many share one, an end of it would be the end of all.
    curl.multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    for (Way& way : ways) prepare(way);
  }
  ~Impl() {
    for (Way& way : ways) {
      give_up(way);
      curl.easy_cleanup(way.easy);
    }
    curl.multi_cleanup(multi);
  }

  void prepare(Way& way);
  void prepare_tls(CURL* easy) const;
  void give_up(Way& way);
  void finish(Way& way, CURLcode code);
  std::string why(const Way& way, CURLcode code) const;
  // Ends requests whose patience is over.
  void check_patience(SteadyTime now);

  static size_t take_header(char* bytes, size_t, size_t size, void* given);
  static size_t take_body(char* bytes, size_t, size_t size, void* given);

  const CurlLibrary& curl;
  const HttpSetup setup;
  const Interrupt& interrupt;
  CURLM* multi;
  std::vector<Way> ways;
  std::vector<size_t> ended;  // not yet told, newest first
  SteadyTime look;            // when check_patience() is due
};

size_t HttpClient::Impl::take_header(char*, size_t, size_t size, void* given) {
  Way& way = *static_cast<Way*>(given);
  way.header_bytes += size;
  way.headers_cut = way.header_bytes > HttpAnswer::kMostHeaders;
  return way.headers_cut ? 0 : size;
}

size_t HttpClient::Impl::take_body(char* bytes, size_t, size_t size, void* given) {
  Way& way = *static_cast<Way*>(given);
  size_t room = way.most_body - way.answer.body.size();
  way.answer.body.append(bytes, std::min(size, room));
  way.answer.cut = size > room;
  return way.answer.cut ? 0 : size;
}

void HttpClient::Impl::prepare_tls(CURL* easy) const {
  const TlsSetup& tls = setup.tls;
  curl.setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl.setopt(easy, CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
  curl.setopt(easy, CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
  curl.setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 60L);  // seconds: a file may be renewed
  if (!tls.ca.empty()) curl.setopt(easy, CURLOPT_CAINFO, tls.ca.c_str());
  if (!tls.certificate.empty()) curl.setopt(easy, CURLOPT_SSLCERT, tls.certificate.c_str());
  if (!tls.key.empty()) curl.setopt(easy, CURLOPT_SSLKEY, tls.key.c_str());
}

void HttpClient::Impl::prepare(Way& way) {
  way.most_body = setup.most_body;
  CURL* easy = way.easy = curl.easy_init();
  CHECK(easy);
  curl.setopt(easy, CURLOPT_PRIVATE, &way);
  curl.setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl.setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // does not wait for a look-up that was given up
  curl.setopt(easy, CURLOPT_ERRORBUFFER, way.words);
  curl.setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl.setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl.setopt(easy, CURLOPT_USERAGENT, "sluice/" SLUICE_VERSION);
  curl.setopt(easy, CURLOPT_POST, 1L);
  // Its share of this is what one of several addresses of a host gets.
  curl.setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(setup.patience.count()));
  curl.setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
  curl.setopt(easy, CURLOPT_HEADERDATA, &way);
  curl.setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
  curl.setopt(easy, CURLOPT_WRITEDATA, &way);
  if (setup.follow) {
    curl.setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl.setopt(easy, CURLOPT_MAXREDIRS, kMostRedirections);
    curl.setopt(easy, CURLOPT_POSTREDIR, static_cast<long>(CURL_REDIR_POST_ALL));
  }
  if (!setup.user.empty()) {
    curl.setopt(easy, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    curl.setopt(easy, CURLOPT_USERNAME, setup.user.c_str());
    curl.setopt(easy, CURLOPT_PASSWORD, setup.password.reveal().c_str());
  }
  if (!setup.bearer.empty()) {
    curl.setopt(easy, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
    curl.setopt(easy, CURLOPT_XOAUTH2_BEARER, setup.bearer.reveal().c_str());
  }
  prepare_tls(easy);
}

void HttpClient::Impl::give_up(Way& way) {
  if (!way.active) return;
  curl.remove_handle(multi, way.easy);
  way.active = false;
}

std::string HttpClient::Impl::why(const Way& way, CURLcode code) const {
  if (way.headers_cut) {
    return fmt::format("the headers of its answer are longer than {} bytes", HttpAnswer::kMostHeaders);
  }
  // Libcurl's word for a line of headers that is longer than it takes (lib/dynbuf.c, lib/http.c).
  if (code == CURLE_OUT_OF_MEMORY) {
    return "a header of its answer is longer than 100 KiB, or there is no memory left";
  }
  std::string words = way.words[0] ? way.words : curl.strerror(code);
  // By TLS 1.3 a client learns that its certificate is refused only after it has begun to send; where the
  // connection is closed at once, the alert that says so is lost.
  if (code == CURLE_SEND_ERROR && way.url.starts_with("https")) {
    words += setup.tls.certificate.empty() ? " (perhaps the server asks for a client certificate)"
                                           : " (perhaps the server refuses the client certificate)";
  }
  return words;
}

void HttpClient::Impl::finish(Way& way, CURLcode code) {
  HttpAnswer& answer = way.answer;
  long status = 0, asked = 0;
  curl_off_t wait = 0;
  char* location = nullptr;
  curl.getinfo(way.easy, CURLINFO_RESPONSE_CODE, &status);
  curl.getinfo(way.easy, CURLINFO_REQUEST_SIZE, &asked);
  curl.getinfo(way.easy, CURLINFO_RETRY_AFTER, &wait);
  curl.getinfo(way.easy, CURLINFO_REDIRECT_URL, &location);
  answer.status = static_cast<int>(status);
  answer.retry_after = std::chrono::seconds(std::max<curl_off_t>(wait, 0));
  if (location) answer.location = location;
  // What lies beyond the bound of a body changes nothing about the status.
  bool whole = code == CURLE_OK || (code == CURLE_WRITE_ERROR && answer.cut);
  // Libcurl stops at a redirection one too many, whose status tells all.
  if (code == CURLE_TOO_MANY_REDIRECTS) whole = true;
  if (!whole) {
    answer.outcome = kind_of(code, asked > 0);
    answer.why = why(way, code);
    if (answer.outcome == Outcome::Certificate) {
      std::string advice = certificate_advice(answer.why, setup.ca_option);
      if (!advice.empty()) answer.why += "; " + advice;
    }
  }
  give_up(way);
  ended.insert(ended.begin(), static_cast<size_t>(&way - ways.data()));
}

void HttpClient::Impl::check_patience(SteadyTime now) {
  look = now + std::min(kLook, setup.patience / kLooks);
  for (Way& way : ways) {
    if (!way.active) continue;
    curl_off_t sent = 0;
    curl.getinfo(way.easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    if (sent != way.sent) {
      way.sent = sent;
      way.moved = now;
    }
    if (now < way.moved + setup.patience) {
      look = std::min(look, way.moved + setup.patience);
      continue;
    }
    way.answer.outcome = Outcome::Broken;
    way.answer.why =
        fmt::format("no answer within {} s", std::chrono::duration<double>(setup.patience).count());
    give_up(way);
    ended.insert(ended.begin(), static_cast<size_t>(&way - ways.data()));
  }
}

std::string describe(std::string_view method, std::string_view url, const HttpAnswer& answer) {
  std::string words = fmt::format("{} {}", method, safe_url(url.substr(0, url.find_first_of("?#"))));
  if (answer.outcome != Outcome::Answered) return words + ": " + answer.why;
  words += fmt::format(": the answer is {}", answer.status);
  std::string shown = answer.body.substr(0, kShown);
  if (answer.body.size() > kShown) {  // not within a character
    while (!shown.empty() && (static_cast<unsigned char>(shown.back()) & 0xC0) == 0x80) shown.pop_back();
    if (!shown.empty() && static_cast<unsigned char>(shown.back()) >= 0xC0) shown.pop_back();
  }
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
  }
  while (shown.ends_with(' ')) shown.pop_back();
  return shown.empty() ? words : fmt::format("{}: {}", words, shown);
}

Result<std::unique_ptr<HttpClient>> HttpClient::make(HttpSetup setup, size_t ways,
                                                     const Interrupt& interrupt) {
  SLUICE_ASSIGN(curl, load_curl());
  return std::make_unique<HttpClient>(std::make_unique<Impl>(*curl, std::move(setup), ways, interrupt));
}

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::~HttpClient() = default;

void HttpClient::start(size_t number, const HttpRequest& request) {
  const CurlLibrary& curl = impl_->curl;
  Impl::Way& way = impl_->ways[number];
  CHECK(!way.active);
  way.answer = {};
  way.words[0] = '\0';
  way.header_bytes = 0;
  way.headers_cut = false;
  way.sent = 0;
  way.moved = steady_now();
  // `Expect: 100-continue` would cost a turn for each larger request.
  static char no_expect[] = "Expect:";
  way.headers.clear();
  way.headers.push_back({no_expect, nullptr});
  for (size_t i = 0; i < request.headers.size(); ++i) {
    way.headers.push_back({const_cast<char*>(request.headers.line(i)), nullptr});  // which libcurl only reads
  }
  for (size_t i = 1; i < way.headers.size(); ++i) way.headers[i - 1].next = &way.headers[i];
  CURL* easy = way.easy;
  curl.setopt(easy, CURLOPT_HTTPHEADER, way.headers.data());
  if (way.url != request.url) {
    way.url = request.url;
    curl.setopt(easy, CURLOPT_URL, way.url.c_str());
    // Nothing that began encrypted goes on in the clear.
    curl.setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, way.url.starts_with("https") ? "https" : "http,https");
  }
  curl.setopt(easy, CURLOPT_CUSTOMREQUEST, request.method);
  curl.setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  curl.setopt(easy, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
  CHECK(curl.add_handle(impl_->multi, easy) == CURLM_OK);
  way.active = true;
}

Result<size_t> HttpClient::wait() {
  Impl& impl = *impl_;
  const CurlLibrary& curl = impl.curl;
  for (;;) {
    if (impl.interrupt.raised()) {
      for (Impl::Way& way : impl.ways) impl.give_up(way);
      impl.ended.clear();
      return stopped();
    }
    if (!impl.ended.empty()) {
      size_t number = impl.ended.back();
      impl.ended.pop_back();
      return number;
    }
    int running = 0, left = 0;
    CHECK(curl.perform(impl.multi, &running) == CURLM_OK);
    while (CURLMsg* message = curl.info_read(impl.multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      Impl::Way* way = nullptr;
      curl.getinfo(message->easy_handle, CURLINFO_PRIVATE, &way);
      impl.finish(*way, message->data.result);
    }
    SteadyTime now = steady_now();
    if (now >= impl.look) impl.check_patience(now);
    if (!impl.ended.empty()) continue;
    auto sleep = std::chrono::ceil<std::chrono::milliseconds>(impl.look - now).count();
    curl_waitfd stop{impl.interrupt.descriptor(), CURL_WAIT_POLLIN, 0};
    CHECK(curl.poll(impl.multi, &stop, 1, static_cast<int>(sleep), nullptr) == CURLM_OK);
  }
}

const HttpAnswer& HttpClient::answer(size_t way) const { return impl_->ways[way].answer; }

}  // namespace sluice
