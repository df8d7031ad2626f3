// TableUses: what the table ids of the row events stand for at this place in the log: the table version, the
// plan to decode its rows, and whether anybody wants them.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "model/catalogue.h"
#include "model/selection.h"
#include "wire/mysql/rows.h"

namespace sluice::mysql {

class SchemaOracle;
class SetAside;

struct TableUse {
  std::string map_bytes;           // the TABLE_MAP this was made from
  uint64_t catalogue_version = 0;  // and the catalogue's state; only looked at where the map names no columns
  bool self_described = false;
  bool wanted = false;
  bool aside =
      false;  // its columns are not known, or rows of before that wait for them: `table` tells their types
  TablePtr table;  // null unless wanted
  RowPlan plan;
};

class TableUses {
 public:
  // What becomes of tables whose columns are not known.
  enum class Unknown : uint8_t {
    Ask,     // the oracle; then they are set aside, or where nothing can be, a fault
    Number,  // they are @1, @2, …
    Leave,   // aside
  };

  // The referenced objects outlive it; `oracle` is null unless it is asked. `position`: after the last whole
  // transaction. `aside`: of which tables rows are waiting; null: it is of no concern. `reads_for`: as
  // DecoderOptions has it.
  TableUses(Catalogue& catalogue, const Selection& selection, SchemaOracle* oracle, const Position& position,
            bool helper_tables, Unknown unknown, SetAside* aside, std::string reads_for = {})
      : catalogue_(catalogue),
        selection_(selection),
        oracle_(oracle),
        position_(position),
        helper_tables_(helper_tables),
        unknown_(unknown),
        aside_(aside),
        reads_for_(std::move(reads_for)) {}

  // Whether it is a helper table that is not to be shown. `named`: the tables of the statement in hand.
  bool hides(const TableName& name, std::span<const TableName> named = {});
  // The catalogue is in want of something: whoever knows more is asked.
  Result<void> complete_catalogue();

  // A TABLE_MAP of a server of this flavor, its body without header and checksum. Cheap where it only repeats
  // what is known.
  Result<void> map(std::string_view body, Flavor flavor);
  // Null: no map with this id came before.
  const TableUse* find(uint64_t id);
  // To be called between statements only: the rows of one rely on all of its maps.
  void forget_many();
  // Ids start anew with every file, which says what kind of server wrote it.
  void clear();

 private:
  Result<void> resolve(std::string_view body, Flavor flavor, TableUse& use);
  // Null: not known, and to be set aside.
  Result<TablePtr> table_for(const TableMap& map, Flavor flavor);
  Result<TablePtr> ask_for(const TableMap& map, Flavor flavor, const std::optional<std::string>& clash);
  void keep(const TablePtr& table);

  Catalogue& catalogue_;
  const Selection& selection_;
  SchemaOracle* oracle_;
  const Position& position_;
  const bool helper_tables_;
  const Unknown unknown_;
  SetAside* const aside_;
  const std::string reads_for_;
  std::set<TableName> helpers_;  // that were told of
  std::unordered_map<uint64_t, std::unique_ptr<TableUse>> uses_;
  uint64_t last_id_ = ~uint64_t{0};
  TableUse* last_ = nullptr;
};

}  // namespace sluice::mysql
