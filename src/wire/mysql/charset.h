// Charset: a character set of MySQL or MariaDB, and its way to UTF-8, code point for code point as the
// servers themselves convert it.
//
// Bytes that the character set does not map are not lost. Each becomes a lone low surrogate U+DC00 + byte, in
// the three bytes that UTF-8 would spell it with (ED B0 80 to ED B3 BF): no valid text can hold that, so the
// original bytes can be had back, and a JSON writer spells it as the escape \udcXX. A byte at which no
// character can begin is escaped alone and the next one is tried; all bytes of a well-formed but unassigned
// character are escaped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::mysql {

struct CharsetSource;
struct CharsetTable;

// One per character set, of static lifetime. Immutable and shared by all threads.
class Charset {
 public:
  // As the servers name it in lower case: "latin1", "gbk", "utf8mb3" (never "utf8").
  std::string_view name() const;
  // Bytes, not text. to_utf8 copies them.
  bool is_binary() const { return binary_; }
  // utf8mb4 and utf8mb3: the text is UTF-8 already, if it is valid at all. to_utf8 copies it and
  // validates nothing.
  bool is_utf8() const { return utf8_; }

  // The most bytes that to_utf8 touches at `out` for `bytes` of text.
  size_t max_utf8_size(size_t bytes) const { return binary_ || utf8_ ? bytes : 3 * bytes + 1; }
  // Writes the UTF-8 of `text` at `out`, which has room for max_utf8_size(text.size()), and returns its end.
  // Adds the number of escaped bytes to `invalid`.
  char* to_utf8(std::string_view text, char* out, uint64_t& invalid) const {
    return convert_(*table_, text, out, invalid);
  }

 private:
  using Convert = char* (*)(const CharsetTable& table, std::string_view text, char* out, uint64_t& invalid);
  friend class Charsets;

  const CharsetSource* source_ = nullptr;
  Convert convert_ = nullptr;
  const CharsetTable* table_ = nullptr;
  bool binary_ = false;
  bool utf8_ = false;
};

// In any case of letters; "utf8" is utf8mb3. nullptr when there is no such character set.
const Charset* charset_by_name(std::string_view name);
// By the id that table maps and FULL metadata carry, MySQL's as well as MariaDB's; nullptr when no server
// known here uses the id. Ids 1024 to 2047, which MySQL leaves to collations that a user defines, are
// MariaDB's NOPAD ones.
const Charset* charset_by_collation(uint32_t id);
// By a collation's name as a CREATE TABLE gives it ("latin1_swedish_ci"); nullptr for a name that leaves the
// character set to its context ("uca1400_ai_ci") and for an unknown one.
const Charset* charset_by_collation_name(std::string_view name);

}  // namespace sluice::mysql
