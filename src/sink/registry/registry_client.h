// RegistryClient: asks a schema registry for the ids of schemas, by Confluent's protocol (docs.confluent.io,
// "Schema Registry API Reference"). One thread's own, but for interrupt().
#pragma once

#include <chrono>
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
  // What the registry asks for before it is asked again, of the last id_of(); 0: nothing.
  std::chrono::seconds pause() const { return pause_; }
  void interrupt() noexcept { interrupt_.raise(); }

 private:
  Result<Verdict> ask(const std::string& url, const std::string& subject, const PooledSchema& schema);
  Result<Verdict> understand(const HttpAnswer& answer, const std::string& asked);

  const RegistryOptions options_;
  Interrupt interrupt_;
  std::unique_ptr<HttpClient> client_;
  size_t url_ = 0;  // that answered last
  std::chrono::seconds pause_{0};
  std::map<std::pair<std::string, uint32_t>, uint32_t> known_;
};

// The member `wanted` of the object that an answer is: of {"id":7} the 7; nothing: it has none.
std::optional<uint32_t> number_in(std::string_view body, std::string_view wanted);

}  // namespace sluice::registry
