// Geometry as well-known text: `POINT (1 2)`, `MULTIPOINT ((1 2), (3 4))`, `GEOMETRYCOLLECTION EMPTY`. The
// bytes may be hostile: nothing outside of them is read, depth is bounded, output is linear in their number.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice {

// What spell_wkt may write for `size` bytes of WKB.
constexpr size_t wkt_bound(size_t size) { return 6 * size + 64; }

// Writes the WKB value at `out` and returns the end; null: it is malformed (cut off, too long, of unknown
// type, nested too deeply), and what stands at `out` is of no use.
char* spell_wkt(char* out, std::string_view wkb);

}  // namespace sluice
