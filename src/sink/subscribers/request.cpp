#include "sink/subscribers/request.h"

#include <nlohmann/json.hpp>

namespace sluice::subscribers {
namespace {

using Json = nlohmann::json;

Failure wrong(std::string_view name, std::string_view expected) {
  return usage("'{}' is not {}", name, expected);
}

Result<std::vector<std::string>> texts(std::string_view name, const Json& value) {
  std::vector<std::string> found;
  if (value.is_string()) {
    found.push_back(value.get<std::string>());
    return found;
  }
  if (!value.is_array()) return wrong(name, "a text or a list of texts");
  for (const Json& each : value) {
    if (!each.is_string()) return wrong(name, "a text or a list of texts");
    found.push_back(each.get<std::string>());
  }
  return found;
}

Result<void> read(Request& request, std::string_view name, const Json& value) {
  if (name == "token" || name == "after" || name == "where") {
    if (!value.is_string()) return wrong(name, "a text");
    auto& text = name == "token" ? request.token : name == "after" ? request.after : request.where;
    text = value.get<std::string>();
    return {};
  }
  if (name != "subscribe" && name != "operations") {
    return usage("'{}' is not known; expected subscribe, operations, where, after or token",
                 name.substr(0, 100));
  }
  SLUICE_ASSIGN(found, texts(name, value));
  (name == "subscribe" ? request.topics : request.operations) = std::move(found);
  return {};
}

}  // namespace

Result<Request> Request::parse(std::string_view json) {
  Json parsed = Json::parse(json, nullptr, false);
  if (!parsed.is_object()) return usage("this is no object of JSON, such as {{\"subscribe\": [\"shop.*\"]}}");
  Request request;
  for (const auto& [name, value] : parsed.items()) SLUICE_TRY(read(request, name, value));
  return request;
}

void Request::add(Request other) {
  if (!topics) topics = std::move(other.topics);
  if (!operations) operations = std::move(other.operations);
  if (!after) after = std::move(other.after);
  if (!where) where = std::move(other.where);
}

}  // namespace sluice::subscribers
