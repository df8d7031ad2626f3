// RegistryClient: asks a schema registry for the ids of schemas, by Confluent's protocol (docs.confluent.io,
// "Schema Registry API Reference"). One thread's own, but for interrupt().
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/interrupt.h"
#include "format/schema_pool.h"
#include "sink/registry/options.h"

namespace sluice::registry {

// What a registry says to a schema: its id, or why it will never have one under this subject.
struct Verdict {
  uint32_t id = 0;
  std::string refusal;  // empty: there is an id
};

class RegistryClient {
 public:
  explicit RegistryClient(RegistryOptions options) : options_(std::move(options)) {}

  Result<void> open();
  // Each id is asked for once; what is refused is asked again.
  Result<Verdict> id_of(const std::string& subject, uint32_t schema);
  void interrupt() noexcept { interrupt_.raise(); }

 private:
  Result<Verdict> ask(const std::string& url, const std::string& subject, const PooledSchema& schema);
  Result<Verdict> understand(const HttpAnswer& answer, const std::string& asked) const;

  const RegistryOptions options_;
  Interrupt interrupt_;
  std::unique_ptr<HttpClient> client_;
  size_t url_ = 0;  // that answered last
  std::map<std::pair<std::string, uint32_t>, uint32_t> known_;
};

// {"id":7} of an answer; nothing: it is none.
std::optional<uint32_t> id_in(std::string_view body);

}  // namespace sluice::registry
