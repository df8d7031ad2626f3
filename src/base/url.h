// Url: `scheme://user:password@host:port/path?name=value&…`. Messages about a bad URL never show the
// password: they show the URL as safe_url() does.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace sluice {

struct Url {
  std::string scheme;  // lower case
  std::string user;
  Secret password;
  bool has_password = false;  // `user:@host` has one, the empty one; `user@host` has none
  std::string host;           // without the brackets of an IPv6 address
  uint16_t port = 0;          // 0: not given
  std::string path;           // without the first slash
  std::vector<std::pair<std::string, std::string>> parameters;  // in the order written
};

// Percent escapes are decoded in every part; a `+` is a `+`.
Result<Url> parse_url(std::string_view text);

// The text with the password (everything from the first `:` of the user part to the last `@` before the
// path) as `***`. For text that is not a URL at all, too.
std::string safe_url(std::string_view text);

}  // namespace sluice
