// HttpHead: the request line and the headers of a request of HTTP/1.1 (RFC 9112, sections 2 to 5). It points
// into the bytes that it was read from.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

namespace sluice {

struct HttpHead {
  std::string_view method;
  std::string_view target;  // path and query
  bool keeps_alive = true;  // the connection is for more than this request
  std::vector<std::pair<std::string_view, std::string_view>> headers;

  // `head`: up to and with the empty line. Else why it is none.
  static tl::expected<HttpHead, std::string> read(std::string_view head);
  // By its name in any case. Values of several headers of one name are not joined: the first one counts.
  std::optional<std::string_view> header(std::string_view name) const;
  // Whether `word` is, in any case, among the words of a header that is a list with commas.
  bool lists(std::string_view name, std::string_view word) const;
};

}  // namespace sluice
