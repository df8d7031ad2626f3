// RecordSchema: what the records of a binary format are made of, for table versions and for what stands
// around their rows; and the same as Avro's JSON or as a .proto file.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/schema_pool.h"

namespace sluice {

struct RecordSchema;

// A type. What Avro lacks (Unsigned) or Protobuf (logical types) is never asked of it.
struct ValueSchema {
  enum class Type : uint8_t {
    Boolean,
    Int,
    Long,
    Unsigned,
    Float,
    Double,
    String,
    Bytes,
    Record,
    Array,
    TextMap
  };

  Type type = Type::String;
  std::string logical;                              // Avro's logicalType; empty: none
  unsigned precision = 0, scale = 0;                // of the logical type decimal
  std::shared_ptr<const RecordSchema> record = {};  // of Record
  std::shared_ptr<const ValueSchema> items = {};    // of Array
  // Kafka Connect's name, version and parameters, as AvroConverter keeps them in a schema; empty, 0: none.
  std::string connect_name = {}, connect_type = {};
  int connect_version = 0;
  std::vector<std::pair<std::string, std::string>> parameters = {};
};

struct FieldSchema {
  std::string name;
  ValueSchema value;
  bool optional = false;
  std::string fallback = {};  // JSON; empty: null where it is optional, else none
  std::string original = {};  // the column's name, where the rules for names changed it
  uint32_t number = 0;        // Protobuf's; 0: its place
};

struct RecordSchema {
  std::string name, space;  // space: with points between its parts
  std::vector<FieldSchema> fields;
  std::string connect_name = {};
  int connect_version = 0;

  std::string full_name() const { return space.empty() ? name : space + "." + name; }
};

// As a name's part may be in both languages: letters, digits and _, no digit in front.
std::string schema_name(std::string_view text);

// Names for the columns of a record, each of its own: where two become the same one, the later has a number
// behind it. Protobuf's names must differ in their JSON form, too: without underscores, in any case.
class FieldNames {
 public:
  explicit FieldNames(SchemaLanguage language) : language_(language) {}
  std::string of(std::string_view column);

 private:
  std::string form(std::string name) const;
  const SchemaLanguage language_;
  std::set<std::string> taken_;
};

// Protobuf's field numbers.
enum class FieldNumbers : uint8_t {
  Name,      // follow from the name alone: a column that goes, comes or moves leaves the others' as they are
  Position,  // 1, 2, … in the order of the columns, as Confluent's converter has them
};
// For each of these names; all different.
std::vector<uint32_t> field_numbers(const std::vector<std::string>& names, FieldNumbers by);

std::string avro_text(const RecordSchema& record);
// The record is the file's first message; all others are declared within it.
std::string proto_text(const RecordSchema& record);
std::string schema_text(SchemaLanguage language, const RecordSchema& record);

}  // namespace sluice
