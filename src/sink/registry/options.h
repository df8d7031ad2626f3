// What the operator chose for the registry of a format's schemas (format/registry_options.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/option.h"
#include "net/http_client.h"

namespace sluice::registry {

struct RegistryOptions {
  enum class Subject : uint8_t { TopicName, RecordName, TopicRecordName };

  std::vector<std::string> urls;  // without a slash at their end
  std::optional<Subject> subject;
  bool registers = true;
  HttpSetup client;
};

// `settings`: a format's. Nothing: it has no registry, or none is chosen. A Usage fault says what is wrong.
Result<std::optional<RegistryOptions>> parse_options(const Settings& settings);

}  // namespace sluice::registry
