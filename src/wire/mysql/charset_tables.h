// What tools/charsets.py asks of the servers and writes into charset_tables.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::mysql {

enum class Encoding : uint8_t {
  Binary,
  Utf8,     // utf8mb4, utf8mb3
  Single,   // one byte a character, ASCII below 0x80
  Swedish,  // one byte a character, ASCII's brackets are letters (swe7)
  Double,   // one or two bytes
  Triple,   // one or two bytes, or three that begin with 0x8F
  Gb18030,  // one, two or four bytes
  Ucs2,     // big-endian, without surrogate pairs
  Utf16,    // big-endian
  Utf16le,
  Utf32,  // big-endian
};

// A table of code points, packed into text. The table's cells are those of the bytes 0x00 to 0xFF for Single
// and Swedish; else 128 of the bytes 0x80 to 0xFF, then 128 rows of 256 for pairs that begin with 0x80 to
// 0xFF, and for Triple as many again for the two bytes after 0x8F. `four` is Gb18030's table of four-byte
// characters of the basic plane, in their own order.
//
// Three digits make a token (0 is '0', 63 is 'o'; anything below '0' is white space): two bits of kind and
// sixteen of n.
enum class Token : uint8_t {
  Literal,  // the code point n
  Run,      // n code points, each one more than the cell before
  Copy,     // n cells of the base character set
  Fill,     // n / 2 times kIllFormed, or kUnassigned if n is odd
};
inline constexpr uint16_t kIllFormed = 0xFFFE;   // no character ends here: it goes on, or never was one
inline constexpr uint16_t kUnassigned = 0xFFFF;  // well formed, but without a code point

struct CharsetSource {
  const char* name;
  Encoding encoding;
  const char* base;  // the character set that Copy refers to, or nullptr
  std::string_view cells, four;
};

struct CollationRun {
  uint16_t first, last;  // collation ids, both included
  uint8_t charset;       // index into charset_sources
};

inline constexpr size_t kCharsetCount = 41;
extern const CharsetSource charset_sources[kCharsetCount];
extern const size_t collation_run_count;
extern const CollationRun collation_runs[];  // ascending

}  // namespace sluice::mysql
