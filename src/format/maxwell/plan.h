// Plan: what a Maxwell row of one table version needs again and again, spelt once: its head, the columns'
// keys, the labels of ENUM and SET columns.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "format/maxwell/names.h"
#include "format/snippet.h"
#include "model/table.h"

namespace sluice::maxwell {

struct ColumnPlan {
  Snippet key;                   // ,"name":
  std::vector<Snippet> members;  // of ENUM and SET: "label"
  size_t label_bytes = 0;        // the most that the labels of one value take
};

struct Plan {
  Plan(const Table& table, Naming naming, bool with_key, bool with_key_columns);

  Snippet head;  // {"database":"…","table":"…"
  std::vector<ColumnPlan> columns;
  std::vector<uint32_t> key;  // ordinals of the primary key's columns, where their values are asked for
  Snippet key_name;           // ,"primary_key":[
  Snippet key_columns;        // ,"primary_key_columns":["id"], where asked for
  size_t row_bytes = 0;       // bounds one image of a row, without what its cells point to
};

}  // namespace sluice::maxwell
