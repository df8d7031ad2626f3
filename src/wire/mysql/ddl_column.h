// A column as a CREATE or ALTER TABLE defines it: read as it stands, then finished with what the table lends
// it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/table.h"
#include "wire/mysql/ddl.h"
#include "wire/mysql/sql_reader.h"

namespace sluice::mysql {

// A character set with a collation of it; either may be empty: not named, not known.
struct CharsetName {
  std::string charset;
  std::string collation;
  bool of_database = false;  // DEFAULT stands there
  bool operator==(const CharsetName&) const = default;
};

struct ColumnDraft {
  Column column;          // charset and collation only as far as the definition names them
  std::string type_name;  // as information_schema.COLUMN_TYPE begins
  uint64_t length = 0;    // the number in parentheses, where has_length
  bool has_length = false;
  uint64_t decimals = 0;  // the second number, where has_decimals
  bool has_decimals = false;
  bool zerofill = false;
  bool binary = false;        // the attribute BINARY: the _bin collation of the character set
  bool charset_said = false;  // beside the type, not by COLLATE alone
  bool compressed = false;    // MariaDB
  bool null_said = false;
  bool primary = false;
  bool unique = false;
  bool row_start_or_end = false;        // MariaDB's GENERATED ALWAYS AS ROW START | END
  bool versioned = false;               // MariaDB's WITH SYSTEM VERSIONING, which makes the whole table so
  std::optional<std::string> fallback;  // of DEFAULT and a literal, its value
  bool computed_fallback = false;       // of DEFAULT and an expression

  // ALTER TABLE alone.
  enum class Place : uint8_t { Stay, First, After } place = Place::Stay;
  std::string after;
};

// The type and all that belongs to it (length, UNSIGNED, CHARACTER SET, …): the words right behind the name.
Result<void> read_type(SqlReader& in, const DdlContext& context, ColumnDraft& draft);
// Name, type and attributes up to the end of the item, or the end of the statement.
Result<ColumnDraft> read_column(SqlReader& in, const DdlContext& context);

// Behind the words CHARACTER SET, CHARSET or COLLATE: takes an `=`, and the name into `name`.
Result<void> read_charset(SqlReader& in, CharsetName& name);
Result<void> read_collation(SqlReader& in, CharsetName& name);

// The column with everything that its table lends it, and `declared` spelt as the server does.
Column finish_column(ColumnDraft draft, const CharsetName& table, const DdlContext& context);
// What CONVERT TO CHARACTER SET makes of a column.
void convert_column(Column& column, const CharsetName& to, const DdlContext& context);

// MySQL before 8.0.
bool is_old_mysql(const DdlContext& context);

// That a character takes.
uint32_t most_bytes(std::string_view charset);

// A collation that names no character set (uca1400_ai_ci) belongs to `context`'s.
void complete(CharsetName& name, std::string_view context);

}  // namespace sluice::mysql
