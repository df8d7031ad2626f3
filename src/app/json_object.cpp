#include "app/json_object.h"

namespace sluice::app {

std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out.append(1, '\\').append(1, c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

JsonObject& JsonObject::raw(std::string_view key, std::string_view value) {
  if (!body_.empty()) body_ += ",";
  body_.append(json_quoted(key)).append(":").append(value);
  return *this;
}

JsonObject& JsonObject::list(std::string_view key, const std::vector<JsonObject>& values) {
  std::string items;
  for (const JsonObject& value : values) items.append(items.empty() ? "" : ",").append(value.str());
  return raw(key, "[" + items + "]");
}

JsonObject& JsonObject::numbers(std::string_view key, const std::vector<uint64_t>& values) {
  std::string items;
  for (uint64_t value : values) items += fmt::format("{}{}", items.empty() ? "" : ",", value);
  return raw(key, "[" + items + "]");
}

}  // namespace sluice::app
