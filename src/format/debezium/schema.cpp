#include "format/debezium/schema.h"

#include <fmt/core.h>

#include "format/debezium/plan.h"

namespace sluice::debezium {
namespace {

// One field. `more` stands between `optional` and `field`: name, version, parameters, default.
std::string field(std::string_view type, bool optional, std::string_view name, std::string_view more = {}) {
  return fmt::format(R"({{"type":"{}","optional":{}{},"field":{}}})", type, optional, more, quoted(name));
}

std::string named(std::string_view name, std::string_view parameters = {}) {
  std::string more = fmt::format(R"(,"name":"{}","version":1)", name);
  if (!parameters.empty()) more += fmt::format(R"(,"parameters":{{{}}})", parameters);
  return more;
}

std::string structure(const std::vector<std::string>& fields, bool optional, std::string_view more) {
  std::string all;
  for (const std::string& each : fields) all += (all.empty() ? "" : ",") + each;
  return fmt::format(R"({{"type":"struct","fields":[{}],"optional":{}{}}})", all, optional, more);
}

// A structure as a field of another.
std::string as_field(std::string structure, std::string_view name) {
  structure.pop_back();
  return structure + ",\"field\":" + quoted(name) + "}";
}

struct Type {
  std::string_view type;
  std::string more;
};

std::string joined(const std::vector<std::string>& members) {
  std::string all;
  for (const std::string& member : members) all += (all.empty() ? "" : ",") + member;
  return all;
}

Type decimal_type(const Column& column, const Options& options) {
  if (options.decimals == Options::Decimals::Double) return {"double", {}};
  if (options.decimals == Options::Decimals::String) return {"string", {}};
  return {"bytes", named("org.apache.kafka.connect.data.Decimal",
                         fmt::format(R"("scale":"{}","connect.decimal.precision":"{}")", column.scale,
                                     column.precision))};
}

Type time_type(const Column& column, const Options& options) {
  using Times = Options::Times;
  Times times = options.times;
  switch (column.type) {
    case ColumnType::Date:
      if (times == Times::IsoString) return {"string", named("io.debezium.time.IsoDate")};
      if (times == Times::Connect) return {"int32", named("org.apache.kafka.connect.data.Date")};
      return {"int32", named("io.debezium.time.Date")};
    case ColumnType::Time:
      if (times == Times::IsoString) return {"string", named("io.debezium.time.IsoTime")};
      if (times == Times::Connect) return {"int32", named("org.apache.kafka.connect.data.Time")};
      return {"int64", named(times == Times::Nanoseconds ? "io.debezium.time.NanoTime"
                                                         : "io.debezium.time.MicroTime")};
    default:
      if (times == Times::IsoString) return {"string", named("io.debezium.time.IsoTimestamp")};
      if (times == Times::Connect) return {"int64", named("org.apache.kafka.connect.data.Timestamp")};
      if (times == Times::Nanoseconds) return {"int64", named("io.debezium.time.NanoTimestamp")};
      bool milli = times == Times::Adaptive && column.fraction_digits <= 3;
      return {"int64", named(milli ? "io.debezium.time.Timestamp" : "io.debezium.time.MicroTimestamp")};
  }
}

Type type_of(const Column& column, const Options& options) {
  bool is_unsigned = column.is_unsigned;
  switch (column.type) {
    case ColumnType::TinyInt: return {"int16", {}};
    case ColumnType::SmallInt: return {is_unsigned ? "int32" : "int16", {}};
    case ColumnType::MediumInt: return {"int32", {}};
    case ColumnType::Int: return {is_unsigned ? "int64" : "int32", {}};
    case ColumnType::BigInt:
      if (is_unsigned && options.precise_unsigned) {
        return {"bytes", named("org.apache.kafka.connect.data.Decimal", R"("scale":"0")")};
      }
      return {"int64", {}};
    case ColumnType::Float: return {"float", {}};
    case ColumnType::Double: return {"double", {}};
    case ColumnType::Decimal: return decimal_type(column, options);
    case ColumnType::Bit:
      if (column.length == 1) return {"boolean", {}};
      return {"bytes", named("io.debezium.data.Bits", fmt::format(R"("length":"{}")", column.length))};
    case ColumnType::Year: return {"int32", named("io.debezium.time.Year")};
    case ColumnType::Date:
    case ColumnType::Time:
    case ColumnType::DateTime: return time_type(column, options);
    case ColumnType::Timestamp: return {"string", named("io.debezium.time.ZonedTimestamp")};
    case ColumnType::Binary:
    case ColumnType::VarBinary:
    case ColumnType::TinyBlob:
    case ColumnType::Blob:
    case ColumnType::MediumBlob:
    case ColumnType::LongBlob: return {options.binary == Options::Binary::Bytes ? "bytes" : "string", {}};
    case ColumnType::Enum:
      return {"string", named("io.debezium.data.Enum", "\"allowed\":" + quoted(joined(column.members)))};
    case ColumnType::Set:
      return {"string", named("io.debezium.data.EnumSet", "\"allowed\":" + quoted(joined(column.members)))};
    case ColumnType::Json: return {"string", named("io.debezium.data.Json")};
    default: return {"string", {}};
  }
}

std::string geometry_schema(const Column& column, bool point) {
  std::vector<std::string> fields;
  if (point) fields = {field("double", false, "x"), field("double", false, "y")};
  fields.push_back(field("bytes", point, "wkb"));
  fields.push_back(field("int32", true, "srid"));
  std::string more = fmt::format(R"(,"name":"io.debezium.data.geometry.{}","version":1,"doc":"{}")",
                                 point ? "Point" : "Geometry", point ? "Geometry (POINT)" : "Geometry");
  return as_field(structure(fields, column.nullable, more), column.name);
}

std::string column_schema(const Column& column, const Options& options) {
  if (column.type == ColumnType::Geometry) return geometry_schema(column, column.declared == "point");
  if (column.type == ColumnType::Vector) {
    return fmt::format(
        R"({{"type":"array","items":{{"type":"float","optional":false}},"optional":{}{},"field":{}}})",
        column.nullable, named("io.debezium.data.FloatVector"), quoted(column.name));
  }
  Type type = type_of(column, options);
  return field(type.type, column.nullable, column.name, type.more);
}

std::string name_of(const Table& table, const Options& options, std::string_view what) {
  return fmt::format(",\"name\":{}",
                     quoted(fmt::format("{}.{}.{}.{}", options.name, table.database, table.name, what)));
}

std::string row_schema(const Table& table, const Options& options, bool optional) {
  std::vector<std::string> fields;
  for (const Column& column : table.columns) fields.push_back(column_schema(column, options));
  if (options.unwrap && options.unwrap_deletes == Options::UnwrapDeletes::Rewrite) {
    fields.push_back(field("string", true, "__deleted"));
  }
  return structure(fields, optional, name_of(table, options, "Value"));
}

std::string source_schema(std::string_view connector) {
  constexpr std::string_view kSnapshot =
      R"(,"name":"io.debezium.data.Enum","version":1,"parameters":{"allowed":"true,first,first_in_data_collection,last_in_data_collection,last,false,incremental"},"default":"false")";
  return as_field(
      structure(
          {field("string", false, "version"), field("string", false, "connector"),
           field("string", false, "name"), field("int64", false, "ts_ms"),
           field("string", true, "snapshot", kSnapshot), field("string", false, "db"),
           field("string", true, "sequence"), field("int64", true, "ts_us"), field("int64", true, "ts_ns"),
           field("string", true, "table"), field("int64", false, "server_id"), field("string", true, "gtid"),
           field("string", false, "file"), field("int64", false, "pos"), field("int32", false, "row"),
           field("int64", true, "thread"), field("string", true, "query")},
          false, named(fmt::format("io.debezium.connector.{}.Source", connector))),
      "source");
}

}  // namespace

std::string key_schema(const Table& table, const std::vector<uint32_t>& columns, const Options& options) {
  std::vector<std::string> fields;
  for (uint32_t column : columns) fields.push_back(column_schema(table.columns[column], options));
  return structure(fields, false, name_of(table, options, "Key"));
}

std::string value_schema(const Table& table, const Options& options, std::string_view connector) {
  if (options.unwrap) return row_schema(table, options, false);
  std::string row = row_schema(table, options, true);
  std::string transaction = structure({field("string", false, "id"), field("int64", false, "total_order"),
                                       field("int64", false, "data_collection_order")},
                                      true, R"(,"name":"event.block","version":1)");
  return structure(
      {as_field(row, "before"), as_field(row, "after"), source_schema(connector),
       as_field(transaction, "transaction"), field("string", false, "op"), field("int64", true, "ts_ms"),
       field("int64", true, "ts_us"), field("int64", true, "ts_ns")},
      false, name_of(table, options, "Envelope") + ",\"version\":2");
}

std::string transaction_key_schema() {
  return structure({field("string", false, "id")}, false,
                   named("io.debezium.connector.common.TransactionMetadataKey"));
}

std::string transaction_value_schema() {
  std::string collection =
      structure({field("string", false, "data_collection"), field("int64", false, "event_count")}, true,
                named("event.collection"));
  std::string collections =
      fmt::format(R"({{"type":"array","items":{},"optional":true,"field":"data_collections"}})", collection);
  return structure({field("string", false, "status"), field("string", false, "id"),
                    field("int64", true, "event_count"), collections, field("int64", false, "ts_ms")},
                   false, named("io.debezium.connector.common.TransactionMetadataValue"));
}

std::string heartbeat_key_schema() {
  return structure({field("string", false, "serverName")}, false,
                   named("io.debezium.connector.common.ServerNameKey"));
}

std::string heartbeat_value_schema() {
  return structure({field("int64", false, "ts_ms")}, false, named("io.debezium.connector.common.Heartbeat"));
}

std::string schema_change_key_schema(std::string_view connector) {
  return structure({field("string", false, "databaseName")}, false,
                   named(fmt::format("io.debezium.connector.{}.SchemaChangeKey", connector)));
}

std::string schema_change_value_schema(std::string_view connector) {
  auto strings = [](std::string_view name) {
    return fmt::format(
        R"({{"type":"array","items":{{"type":"string","optional":false}},"optional":true,"field":"{}"}})",
        name);
  };
  auto array = [](const std::string& items, std::string_view name) {
    return fmt::format(R"({{"type":"array","items":{},"optional":false,"field":"{}"}})", items, name);
  };
  std::string column = structure(
      {field("string", false, "name"), field("int32", false, "jdbcType"), field("int32", true, "nativeType"),
       field("string", false, "typeName"), field("string", true, "typeExpression"),
       field("string", true, "charsetName"), field("int32", true, "length"), field("int32", true, "scale"),
       field("int32", false, "position"), field("boolean", true, "optional"),
       field("boolean", true, "autoIncremented"), field("boolean", true, "generated"),
       field("string", true, "comment"), field("string", true, "defaultValueExpression"),
       strings("enumValues")},
      false, named("io.debezium.connector.schema.Column"));
  std::string table =
      structure({field("string", true, "defaultCharsetName"), strings("primaryKeyColumnNames"),
                 array(column, "columns"), field("string", true, "comment")},
                true, named("io.debezium.connector.schema.Table"));
  std::string change =
      structure({field("string", false, "type"), field("string", false, "id"), as_field(table, "table")},
                false, named("io.debezium.connector.schema.Change"));
  return structure(
      {source_schema(connector), field("int64", false, "ts_ms"), field("string", true, "databaseName"),
       field("string", true, "schemaName"), field("string", true, "ddl"), array(change, "tableChanges")},
      false, named(fmt::format("io.debezium.connector.{}.SchemaChangeValue", connector)));
}

}  // namespace sluice::debezium
