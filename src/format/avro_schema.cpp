// Schemas as Avro's JSON (avro.apache.org, specification 1.11), with the properties in which Confluent's
// AvroConverter keeps what Kafka Connect knows of a type.
#include <fmt/core.h>

#include "format/json_text.h"
#include "format/record_schema.h"

namespace sluice {
namespace {

using Type = ValueSchema::Type;

class Writer {
 public:
  explicit Writer(std::string space) : space_(std::move(space)) {}

  std::string record(const RecordSchema& record) {
    if (!told_.insert(record.full_name()).second) {
      return quoted(record.space == space_ ? record.name : record.full_name());
    }
    std::string space = record.space == space_ ? "" : ",\"namespace\":" + quoted(record.space);
    std::string outer = std::exchange(space_, record.space);
    std::string fields;
    for (const FieldSchema& each : record.fields) fields += (fields.empty() ? "" : ",") + field(each);
    std::string text =
        fmt::format(R"({{"type":"record","name":{}{},"fields":[{}])", quoted(record.name), space, fields);
    space_ = std::move(outer);
    if (record.connect_version) text += fmt::format(R"(,"connect.version":{})", record.connect_version);
    if (!record.connect_name.empty())
      text += fmt::format(R"(,"connect.name":{})", quoted(record.connect_name));
    return text + "}";
  }

 private:
  std::string field(const FieldSchema& field) {
    std::string text = fmt::format(R"({{"name":{})", quoted(field.name));
    std::string type = value(field.value, field.fallback);
    if (field.optional) {
      // The first branch is the default's.
      type = field.fallback.empty() ? "[\"null\"," + type + "]" : "[" + type + ",\"null\"]";
    }
    text += ",\"type\":" + type;
    if (!field.fallback.empty()) {
      text += ",\"default\":" + field.fallback;
    } else if (field.optional) {
      text += ",\"default\":null";
    }
    if (!field.original.empty()) text += ",\"doc\":" + quoted(field.original);
    return text + "}";
  }

  static std::string_view primitive(Type type) {
    switch (type) {
      case Type::Boolean: return "\"boolean\"";
      case Type::Int: return "\"int\"";
      case Type::Long:
      case Type::Unsigned: return "\"long\"";
      case Type::Float: return "\"float\"";
      case Type::Double: return "\"double\"";
      case Type::Bytes: return "\"bytes\"";
      default: return "\"string\"";
    }
  }

  std::string value(const ValueSchema& value, const std::string& fallback) {
    if (value.type == Type::Record) return record(*value.record);
    std::string text;
    if (value.type == Type::Array) {
      text = R"({"type":"array","items":)" + this->value(*value.items, "");
    } else if (value.type == Type::TextMap) {
      return R"({"type":"map","values":"string"})";
    } else {
      bool bare = value.logical.empty() && value.connect_name.empty() && value.connect_type.empty();
      if (bare) return std::string(primitive(value.type));
      text = fmt::format(R"({{"type":{})", primitive(value.type));
    }
    if (value.logical == "decimal")
      text += fmt::format(R"(,"scale":{},"precision":{})", value.scale, value.precision);
    if (value.connect_version) text += fmt::format(R"(,"connect.version":{})", value.connect_version);
    if (!value.parameters.empty()) {
      std::string all;
      for (const auto& [name, said] : value.parameters) {
        all += fmt::format("{}{}:{}", all.empty() ? "" : ",", quoted(name), quoted(said));
      }
      text += fmt::format(R"(,"connect.parameters":{{{}}})", all);
    }
    if (!value.connect_name.empty() && !fallback.empty()) text += ",\"connect.default\":" + fallback;
    if (!value.connect_name.empty()) text += fmt::format(R"(,"connect.name":{})", quoted(value.connect_name));
    if (!value.connect_type.empty()) text += fmt::format(R"(,"connect.type":{})", quoted(value.connect_type));
    if (!value.logical.empty()) text += fmt::format(R"(,"logicalType":{})", quoted(value.logical));
    return text + "}";
  }

  std::string space_;  // of the record in hand
  std::set<std::string> told_;
};

}  // namespace

std::string avro_text(const RecordSchema& record) { return Writer("").record(record); }

}  // namespace sluice
