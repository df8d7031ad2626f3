// What the operator chose for a sink of the type http.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/option.h"
#include "net/http_client.h"

namespace sluice::http {

enum class BodyKind : uint8_t { Change, Array, Ndjson, Form };

struct HttpOptions {
  HttpSetup client;
  bool put = false;
  BodyKind body = BodyKind::Change;
  // The URL as far as it is the same for all; where it has places, up to the last slash before the first.
  std::string base;
  bool places = false;       // the URL has them
  std::string content_type;  // empty: as the body says
  std::vector<std::pair<std::string, std::string>> headers;
  Secret hmac;            // empty: nothing is signed
  std::string form_data;  // as it stands in a form; empty: no such field
  size_t connections = 1;
  // Of one request; one message may be larger.
  size_t max_changes = 1;
  size_t max_bytes = 0;
};

std::span<const Option> option_table();
Result<HttpOptions> parse_options(const Settings& settings);

}  // namespace sluice::http
