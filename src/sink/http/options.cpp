#include "sink/http/options.h"

#include <algorithm>
#include <cctype>

#include "base/url.h"
#include "net/timeout_option.h"
#include "net/tls_options.h"
#include "sink/http/body.h"

namespace sluice::http {
namespace {

constexpr Option kOptions[] = {
    {"url",
     OptionKind::Text,
     "",
     "where requests go: http:// or https://; a template, whose places are filled in with percent escapes",
     {},
     true,
     "TEMPLATE"},
    {"method", OptionKind::Choice, "POST", "how a request is made", "POST|PUT"},
    {"body", OptionKind::Choice, "change",
     "what a request holds: one change, a JSON array of several, several as lines (NDJSON), or one as the "
     "field event_data of a "
     "form",
     "change|array|ndjson|form"},
    {"max_changes", OptionKind::Integer, "500", "of one array or of lines", {}, false, {}, 1, 100'000},
    {"max_bytes",
     OptionKind::Size,
     "1MB",
     "of one array or of lines, unless one change alone is larger",
     {},
     false,
     {},
     1024,
     1 << 30},
    {"connections",
     OptionKind::Integer,
     "1",
     "requests under way at once; changes of one key, or without a key of one URL, go one after the other "
     "over the same one",
     {},
     false,
     {},
     1,
     64},
    {"content_type",
     OptionKind::Text,
     "",
     "the type of the body; none: as the body has it",
     {},
     false,
     "TYPE"},
    {"headers", OptionKind::List, "", "more headers, of the form NAME: VALUE", {}, false, "HEADER,..."},
    {"form_data", OptionKind::Text, "",
     "with body: form, the field data beside event_data; none: no such field"},
    {"user", OptionKind::Text, "", "for basic authentication"},
    {"password", OptionKind::Secret, "", "its password"},
    {"bearer", OptionKind::Secret, "", "a token, sent as Authorization: Bearer", {}, false, "TOKEN"},
    {"hmac_secret",
     OptionKind::Secret,
     "",
     "sign each request with it, in the header X-Sluice-Signature",
     {},
     false,
     "SECRET"},
    {"follow_redirects", OptionKind::Boolean, "false", "make the request again where an answer points to"},
    kTlsCa,
    kTlsVerify,
    kTlsCert,
    kTlsKey,
    timeout_option("30s"),
};

// Headers that requests have anyway, and what is there instead.
struct Owned {
  std::string_view name;
  std::string_view instead;
};
constexpr Owned kOwned[] = {
    {"content-length", "it follows from the body"},
    {"transfer-encoding", "it follows from the body"},
    {"connection", "it is the connection's own"},
    {"content-type", "use the option content_type"},
    {"idempotency-key", "it is made of the changes' ids"},
    {"x-sluice-signature", "use the option hmac_secret"},
    {"x-sluice-timestamp", "use the option hmac_secret"},
};

std::string lower(std::string_view text) {
  std::string made(text);
  std::transform(made.begin(), made.end(), made.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return made;
}

bool is_header_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(),
                     [](unsigned char c) { return (c >= ' ' && c != 0x7f) || c == '\t'; });
}

// With a 1 for each place of the template, which may be part of a host or of a port.
std::string without_places(std::string_view text) {
  std::string made;
  while (!text.empty()) {
    size_t open = text.find('{');
    made.append(text.substr(0, open));
    if (open == text.npos) break;
    size_t close = text.find('}', open);
    text.remove_prefix(close == text.npos ? text.size() : close + 1);
    made.push_back('1');
  }
  return made;
}

Result<void> read_url(const Settings& settings, HttpOptions& made) {
  std::string text = settings.text("url"), where = settings.where("url");
  if (!text.starts_with("http://") && !text.starts_with("https://")) {
    return usage("{}: url: '{}': expected http:// or https://", where, safe_url(text));
  }
  auto url = parse_url(without_places(text));
  if (!url) return while_doing(where, std::move(url).error());
  if (!url->user.empty() || url->has_password) {
    return usage(
        "{}: url: '{}': a name or password in the URL would be seen in logs; use the options user and "
        "password",
        where, safe_url(text));
  }
  if (url->host.empty()) return usage("{}: url: '{}' names no host", where, text);
  for (char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) {
      return usage("{}: url: '{}': a space or control character must be escaped, as %20", where, text);
    }
  }
  size_t place = text.find('{');
  made.places = place != text.npos;
  made.base = made.places ? text.substr(0, text.rfind('/', place) + 1) : text;
  return {};
}

// No message shows a header's value, which may be a secret.
Result<void> read_headers(const Settings& settings, HttpOptions& made) {
  std::string where = settings.where("headers");
  for (const std::string& text : settings.list("headers")) {
    size_t colon = text.find(':');
    if (colon == text.npos || !is_header_name(std::string_view(text).substr(0, colon))) {
      return usage("{}: headers: expected NAME: VALUE, with a name of letters, digits and -", where);
    }
    std::string name = text.substr(0, colon);
    size_t begin = std::min(text.find_first_not_of(" \t", colon + 1), text.size());
    std::string value = text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
    if (!is_header_value(value)) {
      return usage("{}: headers: the value of {} holds a line break or another control character", where,
                   name);
    }
    auto owned = std::find_if(std::begin(kOwned), std::end(kOwned),
                              [&](const Owned& each) { return each.name == lower(name); });
    if (owned != std::end(kOwned)) return usage("{}: headers: {}: {}", where, name, owned->instead);
    if (lower(name) == "authorization" && (settings.given("bearer") || settings.given("user"))) {
      return usage("{}: headers: {}: bearer or user say it already", where, name);
    }
    made.headers.emplace_back(std::move(name), std::move(value));
  }
  return {};
}

Result<void> read_login(const Settings& settings, HttpOptions& made) {
  if (settings.given("password") && !settings.given("user")) {
    return usage("{}: password needs a user; for a token there is bearer", settings.where("password"));
  }
  if (settings.given("bearer") && settings.given("user")) {
    return usage("{}: bearer and user cannot both be sent; give one of them", settings.where("bearer"));
  }
  made.client.user = settings.text("user");
  made.client.password = settings.secret("password");
  made.client.bearer = settings.secret("bearer");
  if (!is_header_value(made.client.bearer.reveal())) {
    return usage("{}: bearer: the token holds a line break or another control character",
                 settings.where("bearer"));
  }
  if (settings.given("hmac_secret") && settings.secret("hmac_secret").empty()) {
    return usage("{}: hmac_secret is empty, which would sign nothing", settings.where("hmac_secret"));
  }
  made.hmac = settings.secret("hmac_secret");
  SLUICE_ASSIGN(tls, read_tls(settings));
  made.client.tls = std::move(tls);
  return {};
}

Result<void> read_body(const Settings& settings, HttpOptions& made) {
  std::string body = settings.text("body");
  made.body = body == "array"    ? BodyKind::Array
              : body == "ndjson" ? BodyKind::Ndjson
              : body == "form"   ? BodyKind::Form
                                 : BodyKind::Change;
  bool several = made.body == BodyKind::Array || made.body == BodyKind::Ndjson;
  for (std::string_view option : {"max_changes", "max_bytes"}) {
    if (settings.given(option) && !several) {
      return usage("{}: {} is for body: array and body: ndjson, not for body: {}", settings.where(option),
                   option, body);
    }
  }
  if (several) {
    made.max_changes = settings.integer("max_changes");
    made.max_bytes = settings.size("max_bytes");
  }
  if (settings.given("form_data")) {
    if (made.body != BodyKind::Form) {
      return usage("{}: form_data is for body: form, not for body: {}", settings.where("form_data"), body);
    }
    Bytes spelt;
    append_form_text(spelt, settings.text("form_data"));
    made.form_data = spelt.view();
  }
  made.content_type = settings.text("content_type");
  if (!is_header_value(made.content_type)) {
    return usage("{}: content_type holds a line break or another control character",
                 settings.where("content_type"));
  }
  return {};
}

}  // namespace

std::span<const Option> option_table() { return kOptions; }

Result<HttpOptions> parse_options(const Settings& settings) {
  HttpOptions made;
  SLUICE_TRY(read_url(settings, made));
  SLUICE_TRY(read_body(settings, made));
  SLUICE_TRY(read_login(settings, made));
  SLUICE_TRY(read_headers(settings, made));
  made.put = settings.text("method") == "PUT";
  made.client.follow = settings.boolean("follow_redirects");
  made.client.patience = settings.duration("timeout");
  made.connections = settings.integer("connections");
  return made;
}

}  // namespace sluice::http
