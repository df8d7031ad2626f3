// Any bytes as sluice.yaml: a configuration, or mistakes that name their place.
#include <cstdint>
#include <string_view>

#include "app/config.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::app;
  ConfigReading reading = read_config({reinterpret_cast<const char*>(data), size}, "fuzz.yaml");
  CHECK(reading.config.has_value() == reading.mistakes.empty());
  for (const std::string& mistake : reading.mistakes) CHECK(mistake.starts_with("fuzz.yaml:"));
  return 0;
}
