// UNIQUE keys as statements define and drop them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/table.h"
#include "wire/mysql/sql_reader.h"

namespace sluice::mysql {

struct UniqueDraft {
  struct Part {
    std::string column;
    uint64_t prefix = 0;  // characters or bytes of it; 0: all
  };
  std::string name;  // empty: the server makes one
  std::vector<Part> parts;
  bool has_expression = false;
  bool if_not_exists = false;  // MariaDB
};

// From behind the word UNIQUE, or behind the name of a CREATE UNIQUE INDEX that has been put into the draft.
// It is no fault not to understand its parts: then it tells no row.
Result<UniqueDraft> read_unique(SqlReader& in, UniqueDraft draft = {});

inline UniqueDraft unique_of(std::string column) { return {.parts = {{std::move(column)}}}; }

// The table has a unique key of the name that IF NOT EXISTS asks for.
bool has_unique(const Table& table, const UniqueDraft& draft);
// Adds it under the name that the server gives it. Names that are taken by keys which are not unique are not
// known; choose_key() is the caller's.
void add_unique(Table& table, const UniqueDraft& draft);
// PRIMARY is the primary key's. Of no such key: nothing.
void drop_index(Table& table, std::string_view name);
void rename_index(Table& table, std::string_view from, std::string to);

}  // namespace sluice::mysql
