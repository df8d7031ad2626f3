#include "sink/nats/ack.h"

#include <charconv>
#include <nlohmann/json.hpp>

namespace sluice::nats {
namespace {

using Json = nlohmann::json;

constexpr size_t kMostReason = 500;

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

void skip_space(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

// {"stream":"NAME","seq":N} and perhaps ,"duplicate":true, with or without a space: all that servers say of
// what they took but for domains. Another spelling is left to the parser of JSON.
bool parse_usual(std::string_view text, Ack& ack) {
  if (!take(text, "{\"stream\":")) return false;
  skip_space(text);
  if (!take(text, "\"")) return false;
  size_t end = text.find_first_of("\"\\");
  if (end == text.npos || text[end] != '"') return false;
  ack.stream = text.substr(0, end);
  text.remove_prefix(end + 1);
  if (!take(text, ",")) return false;
  skip_space(text);
  if (!take(text, "\"seq\":")) return false;
  skip_space(text);
  auto [behind, fault] = std::from_chars(text.data(), text.data() + text.size(), ack.sequence);
  if (fault != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(behind - text.data()));
  if (take(text, ",")) {
    skip_space(text);
    if (!take(text, "\"duplicate\":")) return false;
    skip_space(text);
    if (!take(text, "true")) return false;
    ack.duplicate = true;
  }
  return text == "}";
}

template <class T>
T get(const Json& object, const char* name, T fallback) {
  auto found = object.find(name);
  if (found == object.end()) return fallback;
  bool fits = std::is_same_v<T, std::string> ? found->is_string()
              : std::is_same_v<T, bool>      ? found->is_boolean()
              : std::is_unsigned_v<T>        ? found->is_number_unsigned()
                                             : found->is_number_integer();
  return fits ? found->template get<T>() : fallback;
}

bool error_of(const Json& answer, int& code, std::string& reason) {
  auto error = answer.find("error");
  if (error == answer.end() || !error->is_object()) return false;
  code = get(*error, "err_code", get(*error, "code", Ack::kNotReadable));
  if (code == 0) code = Ack::kNotReadable;
  reason = get(*error, "description", std::string("an error without a word")).substr(0, kMostReason);
  return true;
}

}  // namespace

Ack parse_ack(std::string_view headers, std::string_view body) {
  Ack ack;
  if (headers.starts_with("NATS/1.0 503")) {
    ack.code = Ack::kNoStream;
    ack.reason = "no stream listens on it";
    return ack;
  }
  if (parse_usual(body, ack)) return ack;
  ack = {};
  Json answer = Json::parse(body, nullptr, false);
  if (!answer.is_object()) {
    ack.code = Ack::kNotReadable;
    ack.reason =
        "somebody else answered: a subscriber that answers what it gets, or a stream without "
        "acknowledgements";
    return ack;
  }
  if (error_of(answer, ack.code, ack.reason)) return ack;
  ack.sequence = get(answer, "seq", uint64_t{0});
  ack.duplicate = get(answer, "duplicate", false);
  ack.stream = get(answer, "stream", std::string());
  if (ack.sequence == 0 || ack.stream.empty()) {
    ack.code = Ack::kNotReadable;
    ack.reason = "the answer is no acknowledgement of a stream";
  }
  return ack;
}

bool has_error(std::string_view body, int& code, std::string& reason) {
  Json answer = Json::parse(body, nullptr, false);
  if (answer.is_object()) return error_of(answer, code, reason);
  code = Ack::kNotReadable;
  reason = "the answer is no JSON";
  return true;
}

}  // namespace sluice::nats
