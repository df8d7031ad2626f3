// What an ALTER TABLE asks for, in the order in which it is carried out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "wire/mysql/ddl_table.h"

namespace sluice::mysql {

struct AlterPlan {
  // ADD, MODIFY and CHANGE, in the order of the statement.
  struct Definition {
    ColumnDraft draft;
    std::string old_name;    // of MODIFY and CHANGE; empty: ADD
    bool if_exists = false;  // MariaDB; of ADD: IF NOT EXISTS
  };
  struct Name {
    std::string name;
    bool if_exists = false;
  };
  struct Rename {
    Name from;
    std::string to;
  };
  struct Visibility {
    std::string name;
    bool invisible;
  };
  std::vector<Definition> definitions;
  std::vector<Name> drops;
  std::vector<Rename> renames;
  std::vector<Visibility> visibilities;
  KeyDrafts keys;  // new ones
  std::vector<std::string> dropped_indexes;
  std::vector<std::pair<std::string, std::string>> renamed_indexes;
  bool drop_primary = false;
  CharsetName charset;                 // the table's new default, as far as it is named
  bool charset_said = false;           // DEFAULT CHARACTER SET or COLLATE stands there
  std::optional<CharsetName> convert;  // CONVERT TO CHARACTER SET: of the columns
  bool only_converts = true;           // there is no other clause
  bool add_versioning = false;
  bool drop_versioning = false;
  std::optional<TableName> rename_to;
  std::optional<TableName> partition_from;  // MariaDB's CONVERT TABLE x TO PARTITION: x goes
  std::optional<TableName> partition_to;    // CONVERT PARTITION p TO TABLE x: x comes
};

// From behind the table's name.
Result<AlterPlan> read_alter(SqlReader& in, const DdlContext& context);
struct Altered {
  Table table;                    // its name unchanged
  std::vector<uint32_t> origins;  // see AlterJudge
};

// The table as the plan leaves it. `fallback` is the character set of its database.
Result<Altered> altered(const Table& old, AlterPlan plan, const DdlContext& context,
                        const std::string& fallback);

}  // namespace sluice::mysql
