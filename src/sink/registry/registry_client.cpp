#include "sink/registry/registry_client.h"

#include <algorithm>
#include <charconv>

#include "format/json_text.h"

namespace sluice::registry {
namespace {

constexpr size_t kShown = 300;  // characters of an answer in a message
// Beyond so many they are asked for again.
constexpr size_t kMostKnown = 100'000;
constexpr std::chrono::seconds kMostPause = std::chrono::hours(1);  // that Retry-After may ask for

std::string escaped(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string made;
  for (char c : text) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                 c == '_' || c == '.' || c == '~';
    if (plain) {
      made += c;
    } else {
      made += {'%', kDigits[static_cast<uint8_t>(c) >> 4], kDigits[c & 15]};
    }
  }
  return made;
}

// In one line, and not within a character.
std::string shown(std::string_view body) {
  std::string text(body.substr(0, kShown));
  if (body.size() > kShown) {
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back();
    if (!text.empty() && static_cast<unsigned char>(text.back()) >= 0xC0) text.pop_back();
  }
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = ' ';
  }
  return text.find_first_not_of(' ') == text.npos ? "(nothing)" : text;
}

std::string_view skip_space(std::string_view text) {
  size_t at = text.find_first_not_of(" \t\r\n");
  return at == text.npos ? std::string_view() : text.substr(at);
}

}  // namespace

// The member may stand anywhere in the object; a text may hold the same characters, escaped quotes apart. A
// quote within a text has a backslash before it, so that what follows an unescaped one is a name or a text,
// and a text has no colon behind it.
std::optional<uint32_t> number_in(std::string_view body, std::string_view wanted) {
  body = skip_space(body);
  if (!body.starts_with('{')) return std::nullopt;
  int depth = 0;
  for (size_t i = 0; i < body.size(); ++i) {
    char c = body[i];
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (c != '"') continue;
    size_t end = i + 1;
    while (end < body.size() && body[end] != '"') end += body[end] == '\\' ? 2 : 1;
    if (end >= body.size()) return std::nullopt;
    std::string_view name = body.substr(i + 1, end - i - 1), rest = skip_space(body.substr(end + 1));
    i = end;
    if (depth != 1 || name != wanted || !rest.starts_with(':')) continue;
    rest = skip_space(rest.substr(1));
    int32_t number = -1;
    auto [behind, fault] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    rest = skip_space(rest.substr(static_cast<size_t>(behind - rest.data())));
    bool ends = rest.starts_with(',') || rest.starts_with('}');
    if (fault != std::errc() || number < 0 || !ends) return std::nullopt;
    return static_cast<uint32_t>(number);
  }
  return std::nullopt;
}

Result<void> RegistryClient::open() {
  if (client_) return {};
  SLUICE_ASSIGN(client, HttpClient::make(options_.client, 1, interrupt_));
  client_ = std::move(client);
  return {};
}

Result<Verdict> RegistryClient::id_of(const std::string& subject, uint32_t number) {
  pause_ = {};
  if (auto known = known_.find({subject, number}); known != known_.end()) return Verdict{known->second, {}};
  const PooledSchema* schema = find_schema(number);
  CHECK(schema);
  Result<Verdict> verdict;
  for (size_t tries = 0; tries < options_.urls.size(); ++tries) {
    verdict = ask(options_.urls[url_], subject, *schema);
    if (verdict || verdict.error().fault != Fault::Retryable) break;
    url_ = (url_ + 1) % options_.urls.size();
  }
  if (!verdict || !verdict->refusal.empty()) return verdict;
  if (known_.size() >= kMostKnown) known_.clear();
  known_.emplace(std::pair(subject, number), verdict->id);
  return verdict;
}

Result<Verdict> RegistryClient::ask(const std::string& base, const std::string& subject,
                                    const PooledSchema& schema) {
  std::string url = base + "/subjects/" + escaped(subject) + (options_.registers ? "/versions" : "");
  HttpHeaders headers;
  headers.add("Content-Type", "application/vnd.schemaregistry.v1+json");
  headers.add("Accept", "application/vnd.schemaregistry.v1+json, application/json");
  std::string body = "{\"schema\":" + quoted(schema.text);
  body += schema.language == SchemaLanguage::Protobuf ? ",\"schemaType\":\"PROTOBUF\"}" : "}";
  client_->start(0, {.url = url, .headers = headers, .body = body});
  SLUICE_TRY(client_->wait());
  return understand(client_->answer(0), fmt::format("schema registry, POST {}", url));
}

Result<Verdict> RegistryClient::understand(const HttpAnswer& answer, const std::string& asked) {
  switch (answer.outcome) {
    case HttpAnswer::Outcome::Broken:
    case HttpAnswer::Outcome::Certificate: return retryable("{}: {}", asked, answer.why);
    case HttpAnswer::Outcome::Address: return fatal("{}: {}", asked, answer.why);
    case HttpAnswer::Outcome::Answered: break;
  }
  int status = answer.status;
  if (status / 100 == 2) {
    if (auto id = number_in(answer.body, "id")) return Verdict{*id, {}};
    return retryable("{}: the answer is no registry's, an id was expected: {}", asked, shown(answer.body));
  }
  std::string words = fmt::format("{}: the answer is {}: {}", asked, status, shown(answer.body));
  if (status == 401 || status == 403) {
    return retryable(
        "{}: the login is not accepted, or may not do this; look at registry_user and registry_bearer",
        words);
  }
  pause_ = std::max(pause_, std::min(answer.retry_after, kMostPause));
  if (status == 408 || status == 425 || status == 429 || status / 100 == 5) return retryable("{}", words);
  // What stands in between says such things, too, and of every schema alike. A registry says which error it
  // is.
  bool judged = number_in(answer.body, "error_code").has_value() || status == 413;
  if (judged && status == 409) {
    return Verdict{0, words + " (the subject's compatibility forbids this schema)"};
  }
  if (judged && (status == 400 || status == 413 || status == 422)) return Verdict{0, words};
  // 40401: no such subject; 40403: no such schema in it.
  if (judged && status == 404 && !options_.registers) {
    return Verdict{0, words + " (the schema is not registered, and register: false leaves that to others)"};
  }
  return retryable("{}; that is no registry's word about a schema: look at registry", words);
}

}  // namespace sluice::registry
