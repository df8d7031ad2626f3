// Any bytes as the saved shape of a table: a fault, or a table that is saved and read again as the same one.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "state/sqlite/shape.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  auto table = sqlite::unpack({reinterpret_cast<const char*>(data), size});
  if (!table) {
    CHECK(!table.error().what.empty());
    return 0;
  }
  std::string packed = sqlite::pack(*table);
  auto again = sqlite::unpack(packed);
  CHECK(again.has_value());
  CHECK(sqlite::pack(*again) == packed);
  return 0;
}
