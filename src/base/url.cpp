#include "base/url.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace sluice {
namespace {

constexpr std::string_view kExpected = "expected scheme://user:password@host:port/path?name=value";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Nothing: a `%` without two hexadecimal digits behind it, or an escaped NUL, which no server's name,
// password or path can hold.
std::optional<std::string> decode(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result.push_back(text[i]);
      continue;
    }
    int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
    result.push_back(static_cast<char>(high << 4 | low));
    i += 2;
  }
  return result;
}

// A password may hold an unescaped `@`: the last one before the path ends the user part. `/`, `?` and `#`
// must be escaped, as everywhere in URLs.
struct Parts {
  std::string_view scheme, userinfo, authority, path, query;
  bool has_userinfo = false;
};

std::optional<Parts> split(std::string_view text) {
  Parts parts;
  size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  parts.scheme = text.substr(0, colon);
  std::string_view rest = text.substr(colon + 3);
  size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  parts.authority = rest.substr(0, end);
  rest.remove_prefix(end);
  size_t at = parts.authority.rfind('@');
  if (at != std::string_view::npos) {
    parts.has_userinfo = true;
    parts.userinfo = parts.authority.substr(0, at);
    parts.authority.remove_prefix(at + 1);
  }
  rest = rest.substr(0, std::min(rest.find('#'), rest.size()));
  size_t question = std::min(rest.find('?'), rest.size());
  parts.path = rest.substr(0, question);
  if (!parts.path.empty()) parts.path.remove_prefix(1);
  if (question < rest.size()) parts.query = rest.substr(question + 1);
  return parts;
}

Failure bad(std::string_view text, std::string_view why) {
  return usage("the URL '{}' cannot be used: {}; {}", safe_url(text), why, kExpected);
}

Result<void> parse_authority(std::string_view text, std::string_view authority, Url& url) {
  std::string_view host = authority, port;
  if (authority.starts_with('[')) {
    size_t close = authority.find(']');
    if (close == std::string_view::npos) return bad(text, "the IPv6 address has no closing bracket");
    host = authority.substr(1, close - 1);
    port = authority.substr(close + 1);
    if (!port.empty() && port[0] != ':')
      return bad(text, "something stands between the address and its port");
  } else if (size_t colon = authority.find(':'); colon != std::string_view::npos) {
    if (authority.find(':', colon + 1) != std::string_view::npos) {
      return bad(text, "the host has several colons: an IPv6 address stands in brackets, [::1]:3306");
    }
    host = authority.substr(0, colon);
    port = authority.substr(colon);
  }
  std::optional<std::string> decoded = decode(host);
  if (!decoded) return bad(text, "its host has a broken percent escape");
  url.host = std::move(*decoded);
  if (port.empty() || port == ":") return {};
  port.remove_prefix(1);
  unsigned number = 0;
  auto [end, failure] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (failure != std::errc() || end != port.data() + port.size() || number == 0 || number > 65535) {
    return bad(text, "its port is not a number from 1 to 65535");
  }
  url.port = static_cast<uint16_t>(number);
  return {};
}

Result<void> parse_userinfo(std::string_view text, std::string_view userinfo, Url& url) {
  size_t colon = userinfo.find(':');
  std::optional<std::string> user = decode(userinfo.substr(0, colon));
  if (!user) return bad(text, "its user name has a broken percent escape");
  url.user = std::move(*user);
  if (colon == std::string_view::npos) return {};
  std::optional<std::string> password = decode(userinfo.substr(colon + 1));
  if (!password) return bad(text, "its password has a broken percent escape; write a percent sign as %25");
  url.password = Secret(std::move(*password));
  url.has_password = true;
  return {};
}

Result<void> parse_query(std::string_view text, std::string_view query, Url& url) {
  while (!query.empty()) {
    size_t end = std::min(query.find('&'), query.size());
    std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    size_t equals = std::min(pair.find('='), pair.size());
    std::optional<std::string> name = decode(pair.substr(0, equals));
    std::optional<std::string> value =
        decode(equals < pair.size() ? pair.substr(equals + 1) : std::string_view());
    if (!name || !value) return bad(text, "a parameter has a broken percent escape");
    url.parameters.emplace_back(std::move(*name), std::move(*value));
  }
  return {};
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  std::optional<Parts> parts = split(text);
  if (!parts) return bad(text, "it does not begin with a scheme, such as mysql://");
  Url url;
  for (char c : parts->scheme) {
    bool upper = c >= 'A' && c <= 'Z';
    bool fits = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
    if (!fits) return bad(text, "its scheme has a character that no scheme has");
    url.scheme.push_back(upper ? static_cast<char>(c + 32) : c);
  }
  if (parts->has_userinfo) SLUICE_TRY(parse_userinfo(text, parts->userinfo, url));
  SLUICE_TRY(parse_authority(text, parts->authority, url));
  std::optional<std::string> path = decode(parts->path);
  if (!path) return bad(text, "its path has a broken percent escape");
  url.path = std::move(*path);
  SLUICE_TRY(parse_query(text, parts->query, url));
  return url;
}

std::string safe_url(std::string_view text) {
  // A password with an unescaped slash breaks the URL's grammar; that must not show it either. So the user
  // part ends at the last `@` of the whole text when there is none before the path.
  size_t begin = text.find("://");
  begin = begin == std::string_view::npos ? 0 : begin + 3;
  size_t path = std::min(text.find_first_of("/?#", begin), text.size());
  size_t at = text.substr(0, path).rfind('@');
  if (at == std::string_view::npos || at < begin) at = text.rfind('@');
  if (at == std::string_view::npos || at < begin) return std::string(text);
  size_t colon = text.find(':', begin);
  if (colon == std::string_view::npos || colon > at) return std::string(text);
  return fmt::format("{}:***{}", text.substr(0, colon), text.substr(at));
}

}  // namespace sluice
