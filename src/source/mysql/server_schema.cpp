#include "source/mysql/server_schema.h"

#include "base/check.h"
#include "base/log.h"
#include "source/mysql/server.h"

namespace sluice::mysql {

Result<void> ServerSchema::complete() {
  if (!owes_) return {};
  CHECK(place_ != nullptr);
  Connection connection(options_, interrupt_);
  SLUICE_TRY(connection.connect());
  SLUICE_ASSIGN(server, read_server(connection));
  SLUICE_ASSIGN(schema, read_schema(connection, server));
  SLUICE_TRY(later_.read(*place_, connection, server));
  fill_as_of(*place_, std::move(schema));
  owes_ = false;
  return {};
}

// What the log behind the place changes is not what it was there. What the log before it told stays, but for
// tables of which it told no more than a row needs.
void ServerSchema::fill_as_of(const Position& place, Schema schema) {
  size_t before = schema.tables.size();
  std::erase_if(schema.tables, [&](const Table& table) {
    auto changed = later_.after(place, table.database, table.name);
    if (changed) log::debug("{}: changed up to {}", full_name(table), *changed);
    return changed.has_value();
  });
  if (schema.tables.size() < before) {
    log::info("{} of {} tables were changed since {}: their columns of that time are not known yet",
              before - schema.tables.size(), before, describe(place));
  }
  std::erase_if(schema.tables, [&](const Table& table) {
    TablePtr known = catalogue_.find(table.database, table.name);
    return known && !known->columns.empty() && !known->columns.front().declared.empty();
  });
  schema.default_charsets.clear();  // known since the start
  catalogue_.stand_at(std::make_shared<const Position>(place));
  fill(catalogue_, std::move(schema));
}

Result<TablePtr> ServerSchema::learn(std::string_view database, std::string_view table, std::string& why) {
  CHECK(place_ != nullptr);
  Connection connection(options_, interrupt_);
  SLUICE_TRY(connection.connect());
  SLUICE_ASSIGN(server, read_server(connection));
  SLUICE_ASSIGN(found, read_table(connection, server, database, table));
  if (!found) {
    why = "the server no longer has the table, or this account may not see it";
    return found;
  }
  SLUICE_TRY(later_.read(*place_, connection, server));
  auto moved_on = later_.after(*place_, database, table);
  if (!moved_on) return found;
  why = fmt::format("the server has moved on, the table was changed again up to {}", *moved_on);
  return TablePtr();
}

}  // namespace sluice::mysql
