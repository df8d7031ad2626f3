// Any bytes as MySQL's binary JSON: what comes out is JSON, or an expression of SQL, within the bound that
// the functions promise.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "../test/support/well_formed.h"
#include "base/arena.h"
#include "base/check.h"
#include "format/json_binary.h"
#include "format/spell.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  // As in an arena: so many bytes behind the document may be read.
  auto document = std::make_unique<char[]>(size + Arena::kReadSlack);
  if (size) std::memcpy(document.get(), data, size);
  size_t room = json_binary_bound(size);
  auto out = std::make_unique<char[]>(room + kSlack);
  char* end = spell_json_binary_or_marker(out.get(), {document.get(), size}, JsonSpacing::Compact);
  CHECK(end <= out.get() + room);
  CHECK(test::well_formed({out.get(), static_cast<size_t>(end - out.get())}));
  end = spell_json_sql(out.get(), {document.get(), size});
  CHECK(end == nullptr || end <= out.get() + room);
  return 0;
}
