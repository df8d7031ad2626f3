#include "format/maxwell/ddl.h"

#include <string>

#include "format/json_text.h"
#include "format/maxwell/names.h"
#include "format/spell.h"
#include "format/statement_words.h"

namespace sluice::maxwell {
namespace {

std::string_view maxwell_type(ColumnType type) {
  switch (type) {
    case ColumnType::TinyInt: return "tinyint";
    case ColumnType::SmallInt: return "smallint";
    case ColumnType::MediumInt: return "mediumint";
    case ColumnType::Int: return "int";
    case ColumnType::BigInt: return "bigint";
    case ColumnType::Float: return "float";
    case ColumnType::Double: return "double";
    case ColumnType::Decimal: return "decimal";
    case ColumnType::Bit: return "bit";
    case ColumnType::Year: return "year";
    case ColumnType::Date: return "date";
    case ColumnType::Time: return "time";
    case ColumnType::DateTime: return "datetime";
    case ColumnType::Timestamp: return "timestamp";
    case ColumnType::Char: return "char";
    case ColumnType::VarChar: return "varchar";
    case ColumnType::TinyText: return "tinytext";
    case ColumnType::Text: return "text";
    case ColumnType::MediumText: return "mediumtext";
    case ColumnType::LongText: return "longtext";
    case ColumnType::Binary: return "binary";
    case ColumnType::VarBinary: return "varbinary";
    case ColumnType::TinyBlob: return "tinyblob";
    case ColumnType::Blob: return "blob";
    case ColumnType::MediumBlob: return "mediumblob";
    case ColumnType::LongBlob: return "longblob";
    case ColumnType::Enum: return "enum";
    case ColumnType::Set: return "set";
    case ColumnType::Json: return "json";
    case ColumnType::Geometry: return "geometry";
    case ColumnType::Vector: return "vector";
    case ColumnType::Uuid: return "uuid";
    case ColumnType::Inet4: return "inet4";
    case ColumnType::Inet6: return "inet6";
    case ColumnType::Unknown: break;
  }
  return "unknown";
}

void text(Bytes& out, std::string_view key, std::string_view value) {
  out.append(key);
  out.push('"');
  out.append(json_text(value));
  out.push('"');
}

void number(Bytes& out, std::string_view key, uint64_t value) {
  out.append(key);
  out.commit(spell_uint(out.reserve(kScalarBytes + kSlack), value));
}

void describe_column(const Column& column, Bytes& out) {
  text(out, "{\"type\":", maxwell_type(column.type));
  text(out, ",\"name\":", column.name);
  if (column.type >= ColumnType::TinyInt && column.type <= ColumnType::BigInt) {
    out.append(column.is_unsigned ? ",\"signed\":false" : ",\"signed\":true");
  }
  if (column.type >= ColumnType::Char && column.type <= ColumnType::LongText && !column.charset.empty()) {
    text(out, ",\"charset\":", column.charset);
  }
  if (column.fraction_digits > 0) number(out, ",\"column-length\":", column.fraction_digits);
  if (!column.members.empty()) {
    out.append(",\"enum-values\":[");
    for (size_t i = 0; i < column.members.size(); ++i) text(out, i > 0 ? "," : "", column.members[i]);
    out.push(']');
  }
  out.push('}');
}

void describe_table(std::string_view key, const Table& table, Bytes& out) {
  out.append(key);
  text(out, "{\"database\":", table.database);
  if (!table.charset.empty()) text(out, ",\"charset\":", table.charset);
  text(out, ",\"table\":", table.name);
  out.append(",\"columns\":[");
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (i > 0) out.push(',');
    describe_column(table.columns[i], out);
  }
  out.append("],\"primary-key\":[");
  for (size_t i = 0; i < table.key.size(); ++i) text(out, i > 0 ? "," : "", table.columns[table.key[i]].name);
  out.append("]}");
}

}  // namespace

std::string_view ddl_type(std::string_view sql) {
  StatementWords words(sql);
  std::string verb = words.word();
  words.next();
  while (words.take({"OR", "REPLACE", "TEMPORARY", "ONLINE", "IGNORE"})) continue;
  if (words.is({"DATABASE", "SCHEMA"})) {
    if (verb == "CREATE") return "database-create";
    if (verb == "ALTER") return "database-alter";
    if (verb == "DROP") return "database-drop";
  }
  if (words.is({"TABLE", "TABLES"})) {
    if (verb == "CREATE") return "table-create";
    if (verb == "ALTER" || verb == "RENAME") return "table-alter";
    if (verb == "DROP") return "table-drop";
  }
  return {};
}

void encode_ddl(const Batch& batch, const Change& change, bool with_position, bool with_gtid, Bytes& out) {
  const Event& event = batch.events[change.event];
  const Transaction& transaction = batch.transactions[change.transaction];
  std::string_view type = ddl_type(event.query);
  if (type.empty()) return;
  text(out, "{\"type\":", type);
  // A table that is renamed is told under its former name.
  const Table* known = event.ddl_before ? event.ddl_before : change.table;
  text(out, ",\"database\":", known ? known->database : event.database);
  std::string_view table = known ? known->name : event.ddl_table;
  if (!table.empty()) text(out, ",\"table\":", table);
  if (event.ddl_before) describe_table(",\"old\":", *event.ddl_before, out);
  if (change.table) describe_table(",\"def\":", *change.table, out);
  number(out, ",\"ts\":", uint64_t{event.timestamp} * 1000);
  text(out, ",\"sql\":", event.query);
  if (with_position) {
    text(out, ",\"position\":", event.file);
    out.truncate(out.size() - 1);
    number(out, ":", event.offset);
    out.push('"');
  }
  if (with_gtid) {
    if (transaction.gtid.empty()) {
      out.append(",\"gtid\":null");
    } else {
      text(out, ",\"gtid\":", transaction.gtid);
    }
  }
  out.push('}');
}

}  // namespace sluice::maxwell
