// Schemas as .proto files (protobuf.dev, language specification of proto3).
#include <fmt/core.h>

#include "format/json_text.h"
#include "format/record_schema.h"

namespace sluice {
namespace {

using Type = ValueSchema::Type;

class Writer {
 public:
  std::string file(const RecordSchema& record) {
    std::string body = fields(record, "  ");
    return fmt::format("syntax = \"proto3\";\npackage {};\n\nmessage {} {{\n{}{}}}\n", record.space,
                       record.name, declared_, body);
  }

 private:
  static std::string_view primitive(Type type) {
    switch (type) {
      case Type::Boolean: return "bool";
      case Type::Int: return "int32";
      case Type::Long: return "int64";
      case Type::Unsigned: return "uint64";
      case Type::Float: return "float";
      case Type::Double: return "double";
      case Type::Bytes: return "bytes";
      case Type::TextMap: return "map<string, string>";
      default: return "string";
    }
  }

  std::string type_of(const ValueSchema& value) {
    if (value.type == Type::Array) return "repeated " + type_of(*value.items);
    if (value.type != Type::Record) return std::string(primitive(value.type));
    const RecordSchema& record = *value.record;
    if (told_.insert(record.full_name()).second) {
      std::string body = fields(record, "    ");
      declared_ += fmt::format("  message {} {{\n{}  }}\n", record.name, body);
    }
    return record.name;
  }

  std::string fields(const RecordSchema& record, std::string_view indent) {
    std::string all;
    uint32_t place = 0;
    for (const FieldSchema& field : record.fields) {
      ++place;
      bool marked = field.optional && field.value.type != Type::Array && field.value.type != Type::TextMap;
      all += fmt::format("{}{}{} {} = {};", indent, marked ? "optional " : "", type_of(field.value),
                         field.name, field.number ? field.number : place);
      // In quotes, so that no name ends the line.
      if (!field.original.empty()) all += "  // " + quoted(field.original);
      if (!field.value.connect_name.empty()) all += "  // " + field.value.connect_name;
      all += '\n';
    }
    return all;
  }

  std::string declared_;
  std::set<std::string> told_;
};

}  // namespace

std::string proto_text(const RecordSchema& record) { return Writer().file(record); }

}  // namespace sluice
