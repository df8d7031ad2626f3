#include "format/debezium/binary_plan.h"

#include "format/binary_wire.h"
#include "format/debezium/key_columns.h"

namespace sluice::debezium {
namespace {

using Type = ValueSchema::Type;

FieldSchema field(std::string_view name, Type type = Type::String, bool optional = false) {
  return {.name = std::string(name), .value = {.type = type}, .optional = optional};
}

FieldSchema field(std::string_view name, RecordSchema record, bool optional = false) {
  auto shared = std::make_shared<const RecordSchema>(std::move(record));
  return {.name = std::string(name),
          .value = {.type = Type::Record, .record = std::move(shared)},
          .optional = optional};
}

RecordSchema record_of(std::string space, std::string name, int version = 0) {
  std::string full = space + "." + name;
  return {.name = std::move(name),
          .space = std::move(space),
          .connect_name = std::move(full),
          .connect_version = version};
}

RecordSchema source_schema(std::string_view connector) {
  RecordSchema source = record_of(fmt::format("io.debezium.connector.{}", connector), "Source", 1);
  FieldSchema snapshot = field("snapshot", Type::String, true);
  snapshot.value.connect_name = "io.debezium.data.Enum";
  snapshot.value.connect_version = 1;
  snapshot.value.parameters = {
      {"allowed", "true,first,first_in_data_collection,last_in_data_collection,last,false,incremental"}};
  snapshot.fallback = "\"false\"";
  source.fields = {field("version"),
                   field("connector"),
                   field("name"),
                   field("ts_ms", Type::Long),
                   snapshot,
                   field("db"),
                   field("sequence", Type::String, true),
                   field("ts_us", Type::Long, true),
                   field("ts_ns", Type::Long, true),
                   field("table", Type::String, true),
                   field("server_id", Type::Long),
                   field("gtid", Type::String, true),
                   field("file"),
                   field("pos", Type::Long),
                   field("row", Type::Int),
                   field("thread", Type::Long, true),
                   field("query", Type::String, true)};
  return source;
}

RecordSchema envelope_schema(const std::string& space, const RecordSchema& row, std::string_view connector) {
  RecordSchema envelope = record_of(space, "Envelope", 2);
  RecordSchema block = record_of("event", "block", 1);
  block.fields = {field("id"), field("total_order", Type::Long), field("data_collection_order", Type::Long)};
  envelope.fields = {field("before", row, true),
                     field("after", row, true),
                     field("source", source_schema(connector)),
                     field("transaction", std::move(block), true),
                     field("op"),
                     field("ts_ms", Type::Long, true),
                     field("ts_us", Type::Long, true),
                     field("ts_ns", Type::Long, true)};
  return envelope;
}

SchemaLanguage language_of(const Options& options) {
  return options.encoding == Options::Encoding::Avro ? SchemaLanguage::Avro : SchemaLanguage::Protobuf;
}

std::string head_of(const Options& options, const RecordSchema& schema) {
  if (!options.registry) return {};
  SchemaLanguage language = language_of(options);
  return schema_head(language, schema_number(language, schema.full_name(), schema_text(language, schema)));
}

}  // namespace

BinaryPlan::BinaryPlan(TablePtr shape, const Options& options, std::string_view connector, bool all_optional)
    : table(std::move(shape)), key(options.keys ? options.keys->of(*table) : table->key) {
  RowShape rows{.language = language_of(options),
                .numbers = options.numbers,
                .column = binary_shape,
                .options = &options,
                .all_optional = all_optional};
  std::string space = fmt::format("{}.{}.{}", schema_name(options.name), schema_name(table->database),
                                  schema_name(table->name));
  RecordSchema value = record_of(space, "Value");
  plan_row(*table, all_columns(*table), rows, value, row);
  if (options.unwrap) {
    if (options.unwrap_deletes == Options::UnwrapDeletes::Rewrite) {
      FieldSchema deleted = field("__deleted", Type::String, true);
      bool by_name = options.numbers == FieldNumbers::Name;
      deleted.number = by_name ? field_numbers({deleted.name}, options.numbers)[0]
                               : static_cast<uint32_t>(value.fields.size()) + 1;
      char tag[kVarintBytes];
      if (rows.language == SchemaLanguage::Protobuf) {
        deleted_tag.assign(tag, static_cast<size_t>(put_tag(tag, deleted.number, WireType::Bytes) - tag));
      }
      value.fields.push_back(std::move(deleted));
    }
  } else {
    value = envelope_schema(space, value, connector);
  }
  value_head = head_of(options, value);
  if (key.empty()) return;
  rows.all_optional = false;
  RecordSchema key_schema = record_of(space, "Key");
  plan_row(*table, key, rows, key_schema, key_row);
  key_head = head_of(options, key_schema);
}

BinaryStatementPlan::BinaryStatementPlan(const Options& options, std::string_view connector) {
  std::string space = fmt::format("io.debezium.connector.{}", connector);
  RecordSchema key = record_of(space, "SchemaChangeKey", 1), value = record_of(space, "SchemaChangeValue", 1);
  key.fields = {field("databaseName")};
  value.fields = {field("source", source_schema(connector)), field("ts_ms", Type::Long),
                  field("databaseName", Type::String, true), field("schemaName", Type::String, true),
                  field("ddl", Type::String, true)};
  key_head = head_of(options, key);
  value_head = head_of(options, value);
}

}  // namespace sluice::debezium
