// The text of a statement without the values in it.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::mask {

enum class StatementKind : unsigned char {
  Rows,  // each literal becomes `?`
  Ddl,   // DEFAULT and COMMENT go with their literals; what belongs to a type stays; other texts become '',
         // other numbers 0
};

struct Blanked {
  size_t size;
  bool has_query;  // the word SELECT is in it
};

// Writes at `out`, which has room for `sql.size()` bytes; comments go. Where the text hangs on settings that
// the log does not tell (a backslash within quotes, $$), the rest is left out from there on. `members`: the
// values of ENUM and SET columns stay.
Blanked blank_statement(std::string_view sql, StatementKind kind, bool members, char* out);

}  // namespace sluice::mask
