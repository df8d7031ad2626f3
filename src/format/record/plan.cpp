#include "format/record/plan.h"

#include "format/binary_wire.h"

namespace sluice::record {
namespace {

using Type = ValueSchema::Type;

constexpr std::string_view kOps[] = {"insert", "update", "delete", "ddl"};

std::string space_of(std::string_view database, std::string_view table) {
  std::string space = schema_name(database.empty() ? "none" : database);
  return table.empty() ? space : space + "." + schema_name(table);
}

RecordSchema change_schema(const std::string& space, RecordSchema row) {
  auto shared = std::make_shared<const RecordSchema>(std::move(row));
  auto field = [](std::string_view name, ValueSchema value, bool optional = false,
                  std::string_view fallback = "") {
    return FieldSchema{std::string(name), std::move(value), optional, std::string(fallback)};
  };
  auto text = std::make_shared<const ValueSchema>();
  ValueSchema image{.type = Type::Record, .record = shared}, names{.type = Type::Array, .items = text};
  return {.name = "Change",
          .space = space,
          .fields = {field("op", {}), field("db", {}), field("table", {}, true),
                     field("ts", {.type = Type::Long, .logical = "timestamp-micros"}), field("id", {}),
                     field("before", image, true), field("after", image, true),
                     field("before_absent", names, false, "[]"), field("after_absent", names, false, "[]"),
                     field("patch", {.type = Type::TextMap}, false, "{}"), field("statement", {}, true)}};
}

template <class On>
std::string head_of(std::string_view op, std::string_view database, std::string_view table) {
  std::string out(op.size() + database.size() + table.size() + 64, '\0');
  char* at = out.data();
  auto put = [&](uint32_t number, std::string_view text) {
    if (On::kProto) at = put_tag(at, number, WireType::Bytes);
    at = On::bytes(at, text);
  };
  put(kOp, op);
  put(kDb, database);
  if (!On::kProto) at = On::number(at, table.empty() ? 0 : 1);
  if (!table.empty()) put(kTable, table);
  out.resize(static_cast<size_t>(at - out.data()));
  return out;
}

}  // namespace

Plan::Plan(TablePtr given, std::string_view database, std::string_view name, const Options& options)
    : table(std::move(given)) {
  SchemaLanguage language = options.columns.language;
  RowShape shape{.language = language,
                 .numbers = options.numbers,
                 .column = shape_of,
                 .options = &options.columns,
                 .all_optional = true};
  std::string space = space_of(database, name);
  RecordSchema row_schema{.name = "Row", .space = space};
  if (table) plan_row(*table, all_columns(*table), shape, row_schema, row);
  value_schema = change_schema(space, std::move(row_schema));
  if (table) key = table->key;
  key_schema = {.name = "Key", .space = space};
  shape.all_optional = false;
  if (!key.empty()) plan_row(*table, key, shape, key_schema, key_row);
  auto head = [&](const RecordSchema& schema) {
    if (!options.registry) return std::string();
    return schema_head(language, schema_number(language, schema.full_name(), schema_text(language, schema)));
  };
  std::string schema = head(value_schema);
  for (size_t i = 0; i < 4; ++i) {
    heads[i] = schema + (language == SchemaLanguage::Avro
                             ? head_of<Wire<SchemaLanguage::Avro>>(kOps[i], database, name)
                             : head_of<Wire<SchemaLanguage::Protobuf>>(kOps[i], database, name));
  }
  if (!key.empty()) key_head = head(key_schema);
}

}  // namespace sluice::record
