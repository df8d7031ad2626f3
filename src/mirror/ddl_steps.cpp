#include "mirror/ddl_steps.h"

#include <algorithm>
#include <map>

#include "format/spell.h"
#include "wire/mysql/ddl_alter.h"

namespace sluice::mirror {
namespace {

using mysql::AlterPlan;
using mysql::ColumnDraft;

const Column* find(const Table& table, std::string_view name) {
  auto found = std::find_if(table.columns.begin(), table.columns.end(),
                            [&](const Column& column) { return column.name == name && !column.hidden; });
  return found == table.columns.end() ? nullptr : &*found;
}

// Nothing: it is no ALTER TABLE that changes columns, such as RENAME TABLE.
Result<AlterPlan> read_plan(const Event& event) {
  mysql::SqlReader in(event.query, 0);
  mysql::skip_set_statement(in);
  if (!in.accept("ALTER")) return AlterPlan();
  while (!in.accept("TABLE") && !in.at_end()) in.take();
  in.accept({"IF", "EXISTS"});
  mysql::DdlContext context;
  context.database = event.database;
  SLUICE_TRY(mysql::read_table_name(in, context));
  if (in.accept("WAIT")) in.take();
  in.accept("NOWAIT");
  return mysql::read_alter(in, context);
}

std::vector<std::string> key_of(const Table& table, const std::map<std::string, std::string>& renamed) {
  std::vector<std::string> key;
  for (uint32_t column : table.key) {
    const std::string& name = table.columns[column].name;
    auto now = renamed.find(name);
    key.push_back(now == renamed.end() ? name : now->second);
  }
  return key;
}

// What the rows that are there have in a column that is added.
Result<std::string> filling(const Column& column, const AlterPlan& plan, const Event& event,
                            const Spelling& spelling) {
  auto named = std::find_if(plan.definitions.begin(), plan.definitions.end(),
                            [&](const auto& each) { return each.draft.column.name == column.name; });
  if (named == plan.definitions.end() || column.generated) {
    return fatal("the log does not tell what the column {} holds in the rows that are there", column.name);
  }
  const ColumnDraft& draft = named->draft;
  if (draft.computed_fallback) {
    if (column.type != ColumnType::Timestamp || column.fraction_digits != 0) {
      return fatal(
          "the column {} has an expression for its DEFAULT, and the log does not tell what that is in the "
          "rows that are there",
          column.name);
    }
    char text[64];
    std::string now(text, DayMemo().spell(text, event.timestamp, ' '));
    return spelling.literal(column, &now);
  }
  if (draft.fallback) return spelling.literal(column, &*draft.fallback);
  return column.nullable ? std::string("NULL") : spelling.literal(column, nullptr);
}

}  // namespace

Result<std::vector<Step>> steps_of(const Table& before, const Table& after, const Event& event,
                                   const Spelling& spelling) {
  std::vector<Step> steps;
  SLUICE_ASSIGN(plan, read_plan(event));
  std::map<std::string, std::string> renamed;
  for (const AlterPlan::Rename& each : plan.renames) renamed[each.from.name] = each.to;
  for (const AlterPlan::Definition& each : plan.definitions) {
    const std::string& name = each.draft.column.name;
    if (!each.old_name.empty() && each.old_name != name) renamed[each.old_name] = name;
    bool again =
        each.old_name.empty() && std::any_of(plan.drops.begin(), plan.drops.end(),
                                             [&](const AlterPlan::Name& drop) { return drop.name == name; });
    if (again) return fatal("it drops the column {} and adds another one of that name", name);
  }
  for (const auto& [from, to] : renamed) {
    if (find(before, to)) return fatal("it gives the name {} of one column to another", to);
    if (find(before, from)) steps.push_back({Step::What::Rename, from, to});
  }
  if (key_of(before, renamed) != key_of(after, {})) {
    return fatal("the primary key of {} changes: change that of the target by hand", full_name(after));
  }
  auto in_key = [&](const Table& table, const Column& column) {
    auto ordinal = static_cast<uint32_t>(&column - table.columns.data());
    return std::find(table.key.begin(), table.key.end(), ordinal) != table.key.end();
  };
  for (const Column& column : before.columns) {
    auto now = renamed.find(column.name);
    const Column* then = find(after, now == renamed.end() ? column.name : now->second);
    if (column.hidden) continue;
    if (!then) {
      steps.push_back({Step::What::Drop, column.name, ""});
    } else if (spelling.type(column, in_key(before, column)) != spelling.type(*then, in_key(after, *then))) {
      steps.push_back({Step::What::Modify, then->name, ""});
    }
  }
  auto is_new = [&](const Column& column) {
    bool renamed_to = std::any_of(renamed.begin(), renamed.end(),
                                  [&](const auto& each) { return each.second == column.name; });
    return !column.hidden && !renamed_to && !find(before, column.name);
  };
  for (const Column& column : after.columns) {
    if (!is_new(column)) continue;
    SLUICE_ASSIGN(value, filling(column, plan, event, spelling));
    steps.push_back({Step::What::Add, column.name, std::move(value)});
  }
  return steps;
}

}  // namespace sluice::mirror
