// JsonObject: the little JSON that the control socket and `--json` speak. Not for changes: encoders write
// those.
#pragma once

#include <fmt/core.h>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::app {

// With quotes. Bytes that are not ASCII stay as they are.
std::string json_quoted(std::string_view text);

class JsonObject {
 public:
  JsonObject& text(std::string_view key, std::string_view value) { return raw(key, json_quoted(value)); }
  JsonObject& number(std::string_view key, std::integral auto value) {
    return raw(key, fmt::format("{}", value));
  }
  JsonObject& number(std::string_view key, double value) { return raw(key, fmt::format("{:.1f}", value)); }
  JsonObject& boolean(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
  JsonObject& object(std::string_view key, const JsonObject& value) { return raw(key, value.str()); }
  JsonObject& numbers(std::string_view key, const std::vector<uint64_t>& values);
  JsonObject& list(std::string_view key, const std::vector<JsonObject>& values);
  std::string str() const { return "{" + body_ + "}"; }

 private:
  JsonObject& raw(std::string_view key, std::string_view value);

  std::string body_;
};

}  // namespace sluice::app
