#include "source/mysql/schema_reader.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>

#include "source/mysql/column_type.h"
#include "wire/mysql/row_hash.h"

namespace sluice::mysql {
namespace {

// Rows come in the order of the queries' columns. Nothing is joined or sorted by the server: in versions
// without a data dictionary each reference to information_schema opens every table again.
constexpr std::string_view kTables =
    "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, TABLE_COLLATION FROM information_schema.TABLES WHERE {}";
constexpr std::string_view kColumns =
    "SELECT TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, "
    "CHARACTER_SET_NAME, COLLATION_NAME, EXTRA, COLUMN_KEY FROM information_schema.COLUMNS WHERE {}";
constexpr std::string_view kKeys =
    "SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, SUB_PART "
    "FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND {}";
constexpr std::string_view kAttempt = "read the tables of the server";
// `sys` is a hundred views, which cost more than all else, and one table, which is learnt when it changes.
constexpr std::string_view kEverything =
    "TABLE_SCHEMA NOT IN ('information_schema', 'performance_schema', 'sys')";

struct Building {
  Table table;
  bool versioned = false;
  std::vector<std::pair<uint32_t, Column>> columns;  // with their place, 1-based
  std::set<std::string> key;  // names of columns: of the key that the server takes for the primary one
};
using Buildings = std::map<TableName, Building>;

std::string text(const Field& field) { return field ? *field : std::string(); }

uint32_t number(const Field& field) {
  uint32_t value = 0;
  if (field) std::from_chars(field->data(), field->data() + field->size(), value);
  return value;
}

// A collation's name begins with its character set's, but for MariaDB's short ones in
// information_schema.TABLES, which it spells out there.
std::string charset_of(const std::string& collation) { return collation.substr(0, collation.find('_')); }

bool has_bytes(ColumnType type) {
  return type == ColumnType::Binary || type == ColumnType::VarBinary ||
         (type >= ColumnType::TinyBlob && type <= ColumnType::LongBlob);
}

void add_tables(const Rows& rows, Buildings& buildings) {
  for (const Fields& row : rows.rows) {
    std::string type = text(row[2]);
    if (type.find("VIEW") != std::string::npos) continue;
    Building& building = buildings[{text(row[0]), text(row[1])}];
    building.versioned = type == "SYSTEM VERSIONED";
    building.table.database = text(row[0]);
    building.table.name = text(row[1]);
    building.table.collation = text(row[3]);
    building.table.charset = charset_of(building.table.collation);
  }
}

void add_columns(const Rows& rows, Buildings& buildings) {
  for (const Fields& row : rows.rows) {
    auto found = buildings.find({text(row[0]), text(row[1])});
    if (found == buildings.end()) continue;
    Column column;
    column.name = text(row[3]);
    set_declared_type(text(row[4]), column);
    column.nullable = text(row[5]) == "YES";
    column.charset = has_bytes(column.type) ? "binary" : text(row[6]);
    column.collation = text(row[7]);
    std::string extra = text(row[8]);
    // Not DEFAULT_GENERATED, which is MySQL's word for a default that is an expression.
    column.generated = extra.find("VIRTUAL GENERATED") != std::string::npos ||
                       extra.find("STORED GENERATED") != std::string::npos ||
                       extra.find("PERSISTENT") != std::string::npos;
    column.invisible = extra.find("INVISIBLE") != std::string::npos;
    if (text(row[9]) == "PRI") found->second.key.insert(column.name);
    found->second.columns.emplace_back(number(row[2]), std::move(column));
  }
}

// MariaDB's `WITH SYSTEM VERSIONING` without a named period adds two columns that information_schema does not
// show and that row events carry.
bool add_hidden_period(Building& building) {
  for (const auto& [place, column] : building.columns) {
    if (column.generated && column.type == ColumnType::Timestamp && !column.nullable) return false;
    if (column.generated && column.type == ColumnType::BigInt && !column.nullable) return false;
  }
  for (const char* name : {"row_start", "row_end"}) {
    Column column;
    column.name = name;
    set_declared_type("timestamp(6)", column);
    column.nullable = false;
    column.generated = column.invisible = column.hidden = true;
    building.columns.emplace_back(static_cast<uint32_t>(building.columns.size()) + 1, std::move(column));
  }
  return true;
}

struct KeyPart {
  uint32_t place;
  Field column;  // nothing: an expression
  bool prefix;
};

// A hidden row_end, the last column then, is a part of each key, and hidden there too.
// The order of unique keys is not to be had from every server, but which of them is first.
void set_keys(Table& table, std::map<std::string, std::vector<KeyPart>>& keys,
              const std::set<std::string>& server_key, bool has_period) {
  for (auto& [name, parts] : keys) {
    std::sort(parts.begin(), parts.end(),
              [](const KeyPart& a, const KeyPart& b) { return a.place < b.place; });
    bool primary = name == "PRIMARY";
    UniqueKey key{.name = name, .columns = {}};
    for (const KeyPart& part : parts) {
      auto column = std::find_if(table.columns.begin(), table.columns.end(),
                                 [&](const Column& c) { return part.column && c.name == *part.column; });
      // The primary key over a prefix of a column still tells which columns identify a row.
      if (column == table.columns.end() || (part.prefix && !primary)) {
        key.partial = true;
      } else {
        key.columns.push_back(static_cast<uint32_t>(column - table.columns.begin()));
      }
    }
    bool first = !key.partial && key.columns.size() == server_key.size() &&
                 std::all_of(key.columns.begin(), key.columns.end(), [&](uint32_t ordinal) {
                   return server_key.contains(table.columns[ordinal].name);
                 });
    if (has_period) key.columns.push_back(static_cast<uint32_t>(table.columns.size()) - 1);
    if (primary) {
      table.key = std::move(key.columns);
    } else {
      table.unique.insert(first ? table.unique.begin() : table.unique.end(), std::move(key));
    }
  }
}

void finish(Buildings& buildings, const Rows& key_rows, Flavor flavor) {
  std::map<TableName, std::map<std::string, std::vector<KeyPart>>> keys;
  for (const Fields& row : key_rows.rows) {
    keys[{text(row[0]), text(row[1])}][text(row[2])].push_back({number(row[3]), row[4], row[5].has_value()});
  }
  for (auto& [name, building] : buildings) {
    std::sort(building.columns.begin(), building.columns.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    bool has_period = building.versioned && add_hidden_period(building);
    for (auto& [place, column] : building.columns) building.table.columns.push_back(std::move(column));
    auto found = keys.find(name);
    if (found != keys.end()) set_keys(building.table, found->second, building.key, has_period);
    settle_keys(building.table, flavor);
  }
}

Result<Buildings> read(Connection& connection, const Server& server, std::string_view condition,
                       std::string_view attempt) {
  // Columns that the server made itself for a table without a primary key are in its row events.
  if (!server.mariadb() && server.number >= 80030) {
    SLUICE_TRY(
        connection.execute("SET SESSION show_gipk_in_create_table_and_information_schema = ON", attempt));
  }
  Buildings buildings;
  SLUICE_ASSIGN(tables, connection.query(fmt::format(kTables, condition), attempt));
  add_tables(tables, buildings);
  SLUICE_ASSIGN(columns, connection.query(fmt::format(kColumns, condition), attempt));
  add_columns(columns, buildings);
  SLUICE_ASSIGN(keys, connection.query(fmt::format(kKeys, condition), attempt));
  finish(buildings, keys, server.flavor);
  return buildings;
}

auto shape(const Column& c) {
  return std::tie(c.name, c.nullable, c.generated, c.invisible, c.charset, c.collation, c.declared);
}

bool same(const Table& a, const Table& b) {
  return std::tie(a.database, a.name, a.charset, a.collation, a.key, a.unique) ==
             std::tie(b.database, b.name, b.charset, b.collation, b.key, b.unique) &&
         std::equal(a.columns.begin(), a.columns.end(), b.columns.begin(), b.columns.end(),
                    [](const Column& x, const Column& y) { return shape(x) == shape(y); });
}

}  // namespace

bool Schema::operator==(const Schema& other) const {
  return default_charsets == other.default_charsets &&
         std::equal(tables.begin(), tables.end(), other.tables.begin(), other.tables.end(), same);
}

Result<Schema> read_schema(Connection& connection, const Server& server) {
  SLUICE_ASSIGN(buildings, read(connection, server, kEverything, kAttempt));
  Schema schema;
  for (auto& [name, building] : buildings) schema.tables.push_back(std::move(building.table));
  SLUICE_ASSIGN(charsets, read_default_charsets(connection, server));
  schema.default_charsets = std::move(charsets);
  return schema;
}

Result<DefaultCharsets> read_default_charsets(Connection& connection, const Server& server) {
  SLUICE_ASSIGN(databases, connection.query("SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME "
                                            "FROM information_schema.SCHEMATA",
                                            kAttempt));
  DefaultCharsets charsets;
  for (const Fields& row : databases.rows) charsets[text(row[0])] = text(row[1]);
  charsets[""] = server.variable("character_set_server");
  return charsets;
}

Result<TablePtr> read_table(Connection& connection, const Server& server, std::string_view database,
                            std::string_view table) {
  std::string condition = fmt::format("TABLE_SCHEMA = {} AND TABLE_NAME = {}", connection.quoted(database),
                                      connection.quoted(table));
  SLUICE_ASSIGN(buildings,
                read(connection, server, condition, fmt::format("read the table {}.{}", database, table)));
  if (buildings.empty() || buildings.begin()->second.table.columns.empty()) return TablePtr();
  return freeze(std::move(buildings.begin()->second.table));
}

void fill(Catalogue& catalogue, Schema schema) {
  for (auto& [database, charset] : schema.default_charsets) catalogue.set_default_charset(database, charset);
  for (Table& table : schema.tables) catalogue.put(freeze(std::move(table)));
}

}  // namespace sluice::mysql
