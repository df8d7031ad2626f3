#include "wire/mysql/ddl_table.h"
#include "wire/mysql/row_hash.h"
#include "wire/mysql/unique_keys.h"

namespace sluice::mysql {
namespace {

// What stands between the verb and the table's name.
struct IndexWords {
  std::string name;
  bool unique = false;
  bool replaces = false;
  bool if_not_exists = false;
};

Result<IndexWords> read_words(SqlReader& in) {
  IndexWords words;
  words.replaces = in.accept({"OR", "REPLACE"});
  while (!in.accept("INDEX") && !in.at_end()) words.unique |= in.take().is("UNIQUE");
  if (!in.accept({"IF", "EXISTS"})) words.if_not_exists = in.accept({"IF", "NOT", "EXISTS"});
  SLUICE_ASSIGN(name, in.name("a key's name"));
  words.name = std::move(name);
  while (!in.accept("ON")) {  // USING BTREE
    if (in.at_end()) return in.unexpected("ON");
    in.take();
  }
  return words;
}

template <class Edit>
Result<void> edit_table(SqlReader& in, DdlRun& run, Edit edit) {
  SLUICE_ASSIGN(name, read_table_name(in, run.context));
  run.outcome.tables.push_back(name);
  TablePtr old = run.catalogue.find(name.database, name.table);
  run.outcome.keeps_key = true;
  if (!old) return {};
  Table table = *old;
  SLUICE_TRY(edit(table));
  if (table.key == old->key && table.unique == old->unique) return {};
  settle_keys(table, run.context.flavor);
  run.outcome.keeps_key = table.key == old->key;
  run.catalogue.put(freeze(std::move(table)));
  return {};
}

}  // namespace

Result<void> create_index(SqlReader& in, DdlRun& run) {
  SLUICE_ASSIGN(words, read_words(in));
  return edit_table(in, run, [&](Table& table) -> Result<void> {
    if (words.replaces) drop_index(table, words.name);
    if (!words.unique) return {};
    UniqueDraft draft{.name = words.name, .parts = {}, .if_not_exists = words.if_not_exists};
    SLUICE_ASSIGN(unique, read_unique(in, std::move(draft)));
    add_unique(table, unique);
    return {};
  });
}

Result<void> drop_index(SqlReader& in, DdlRun& run) {
  SLUICE_ASSIGN(words, read_words(in));
  return edit_table(in, run, [&](Table& table) -> Result<void> {
    drop_index(table, words.name);
    return {};
  });
}

}  // namespace sluice::mysql
