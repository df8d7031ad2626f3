#include "sink/clickhouse/tables.h"

#include "sink/clickhouse/column_type.h"

namespace sluice::clickhouse {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string made;
  for (const std::string& name : names) made += (made.empty() ? "" : ", ") + name;
  return made;
}

// As a table's own words name it: without the backticks where it needs none.
bool names(std::string_view sorting_key, const std::string& quoted) {
  std::string_view bare = std::string_view(quoted).substr(1, quoted.size() - 2);
  return sorting_key.find(bare) != sorting_key.npos;
}

}  // namespace

Result<std::string> Tables::run(Server& server, const std::string& statement) {
  SLUICE_ASSIGN(answer, server.ask(statement));
  return answer ? std::string() : server.why();
}

Result<std::string> Tables::make(Server& server, const Target& name, const Shape& wanted) {
  if (!options_.create) {
    return fmt::format("there is no table {}; make it, or say create: true", name.quoted());
  }
  SLUICE_ASSIGN(fault, run(server, "CREATE DATABASE IF NOT EXISTS " + quoted_name(name.database)));
  if (!fault.empty()) return fault;
  std::string columns;
  for (const Shape::Part& part : wanted.columns) {
    columns += fmt::format("{}{} {}", columns.empty() ? "" : ", ", part.name, part.type);
  }
  // Servers with all types know the mark of deletion, too.
  std::string deleted = options_.rows.basic_types ? "" : ", " + quoted_name(options_.rows.deleted_column);
  return run(server,
             fmt::format("CREATE TABLE IF NOT EXISTS {} ({}) ENGINE = ReplacingMergeTree({}{}) ORDER BY ({})",
                         name.quoted(), columns, quoted_name(options_.rows.version_column), deleted,
                         joined(wanted.key)));
}

Result<std::string> Tables::change(Server& server, const Target& name, const Server::Table& there,
                                   const Shape& wanted) {
  if (there.engine.find("ReplacingMergeTree") == std::string::npos) {
    return fmt::format(
        "the table {} is a {}, in which rows do not replace each other; a ReplacingMergeTree is needed",
        name.quoted(), there.engine);
  }
  for (const std::string& column : wanted.key) {
    if (names(there.sorting_key, column)) continue;
    return fmt::format("the table {} is sorted by ({}), which lacks {} of the primary key ({})",
                       name.quoted(), there.sorting_key, column, joined(wanted.key));
  }
  for (const Shape::Part& part : wanted.columns) {
    const Shape::Part* found = there.shape.find(part.name);
    if (found && found->type == part.type) continue;
    if (options_.ddl != OnDdl::Apply) {
      return found
                 ? fmt::format(
                       "the column {} of {} is {} and must be {} for its values; with ddl: apply it would be "
                       "changed",
                       part.name, name.quoted(), found->type, part.type)
                 : fmt::format("the table {} lacks the column {} {}; with ddl: apply it would be added",
                               name.quoted(), part.name, part.type);
    }
    SLUICE_ASSIGN(fault, run(server, fmt::format("ALTER TABLE {} {} COLUMN {} {}", name.quoted(),
                                                 found ? "MODIFY" : "ADD", part.name, part.type)));
    if (!fault.empty()) return fault;
  }
  return std::string();
}

Result<std::string> Tables::fit(Server& server, const std::string& destination, const std::string& shape) {
  std::set<std::string>& fitting = fitting_[destination];
  if (fitting.contains(shape)) return std::string();
  Target name = Target::parse(destination);
  Shape wanted = Shape::parse(shape);
  SLUICE_ASSIGN(there, server.describe(name));
  SLUICE_ASSIGN(fault, there ? change(server, name, *there, wanted) : make(server, name, wanted));
  // The last one stands alone: it may have changed the type of a column.
  fitting.clear();
  if (fault.empty()) fitting.insert(shape);
  return fault;
}

Result<std::string> Tables::follow_line(Server& server, const Target& name, std::string_view line) {
  if (line == "truncate") return run(server, "TRUNCATE TABLE IF EXISTS " + name.quoted());
  if (line == "drop") return run(server, "DROP TABLE IF EXISTS " + name.quoted());
  SLUICE_ASSIGN(there, server.describe(name));
  if (!there) return std::string();
  if (line.starts_with("drop ")) {
    std::string column(line.substr(5));
    if (!there->shape.find(column)) return std::string();
    return run(server, fmt::format("ALTER TABLE {} DROP COLUMN {}", name.quoted(), column));
  }
  // rename `a` `b`: of the form of a column and its type
  Shape names = Shape::parse(line.substr(std::min<size_t>(line.size(), 7)));
  if (names.columns.empty()) return std::string();
  const auto& [from, to] = names.columns[0];
  bool has_from = there->shape.find(from), has_to = there->shape.find(to);
  if (!has_from) return std::string();
  if (has_to) {
    return fmt::format(
        "the column {} of {} became {}, and both are there: the log was read a second time across that "
        "change. Copy what is missing and drop {}",
        from, name.quoted(), to, from);
  }
  return run(server, fmt::format("ALTER TABLE {} RENAME COLUMN {} TO {}", name.quoted(), from, to));
}

Result<std::string> Tables::follow(Server& server, const std::string& destination, std::string_view lines) {
  if (options_.ddl == OnDdl::Ignore) return std::string();
  if (options_.ddl == OnDdl::Stop) {
    return fmt::format("the table of {} was changed ({}), and ddl: stop is set", destination,
                       lines.substr(0, lines.find('\n')));
  }
  forget(destination);
  Target name = Target::parse(destination);
  while (!lines.empty()) {
    std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    SLUICE_ASSIGN(fault, follow_line(server, name, line));
    if (!fault.empty()) return fault;
  }
  return std::string();
}

}  // namespace sluice::clickhouse
