#include "format/binary_row_plan.h"

#include "base/utf8.h"
#include "format/binary_wire.h"
#include "format/spell.h"

namespace sluice {
namespace {

WireType wire_type(ValueSchema::Type type) {
  using Type = ValueSchema::Type;
  switch (type) {
    case Type::Boolean:
    case Type::Int:
    case Type::Long:
    case Type::Unsigned: return WireType::Varint;
    case Type::Float: return WireType::Four;
    case Type::Double: return WireType::Eight;
    default: return WireType::Bytes;
  }
}

}  // namespace

std::vector<uint32_t> all_columns(const Table& table) {
  std::vector<uint32_t> all(table.columns.size());
  for (uint32_t i = 0; i < all.size(); ++i) all[i] = i;
  return all;
}

void plan_row(const Table& table, const std::vector<uint32_t>& columns, const RowShape& shape,
              RecordSchema& schema, BinaryRowPlan& plan) {
  FieldNames names(shape.language);
  std::vector<std::string> spelt;
  for (uint32_t i : columns) spelt.push_back(names.of(table.columns[i].name));
  std::vector<uint32_t> numbers = field_numbers(spelt, shape.numbers);
  for (size_t i = 0; i < columns.size(); ++i) {
    const Column& column = table.columns[columns[i]];
    ColumnShape made = shape.column(column, shape.options);
    bool proto = shape.language == SchemaLanguage::Protobuf;
    BinaryColumn step{};
    step.step = made.step;
    step.type = made.schema.type;
    step.nullable = column.nullable || shape.all_optional;
    step.decimal_record = proto && made.schema.type == ValueSchema::Type::Record &&
                          (made.step == BinaryStep::Decimal || made.step == BinaryStep::UnsignedDecimal);
    step.precision = static_cast<uint8_t>(made.schema.precision);
    step.scale = static_cast<uint8_t>(made.schema.scale);
    step.tag_size =
        static_cast<uint8_t>(put_tag(step.tag, numbers[i], wire_type(made.schema.type)) - step.tag);
    step.labels_at = static_cast<uint32_t>(plan.labels.size());
    step.label_count = static_cast<uint32_t>(column.members.size());
    size_t labels = 0;
    for (const std::string& member : column.members) {
      plan.labels.push_back(is_utf8(member) ? member : schema_name(member));
      labels += plan.labels.back().size() + 1;
    }
    plan.bound += 2 * kScalarBytes + sizeof step.tag + labels;
    plan.columns.push_back(step);
    std::string original = spelt[i] == column.name ? "" : column.name;
    schema.fields.push_back({.name = spelt[i],
                             .value = std::move(made.schema),
                             .optional = step.nullable,
                             .original = std::move(original),
                             .number = proto ? numbers[i] : 0});
  }
}

}  // namespace sluice
