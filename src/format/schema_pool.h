// The schemas of this process by number. An encoder, which never waits, begins a message with the number of
// its schema; who sends it knows the schema by that, and puts the id that a registry has for it in its place.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace sluice {

enum class SchemaLanguage : uint8_t { Avro, Protobuf };

struct PooledSchema {
  SchemaLanguage language;
  std::string name;  // of its record, with the namespace
  std::string text;
};

// The same schema has the same number. A number is for good: there are as many as table versions with
// messages. Any thread.
uint32_t schema_number(SchemaLanguage language, const std::string& name, const std::string& text);
// Null: no schema has this number. It stays where it is.
const PooledSchema* find_schema(uint32_t number);

// What stands before a body (docs.confluent.io, "Wire format"): a zero byte, then the id, big-endian. A
// Protobuf body has behind it which message of the schema it is: a zero byte for the first.
constexpr size_t kSchemaHead = 5;
std::string schema_head(SchemaLanguage language, uint32_t number);
// The number or id in a head, which has kSchemaHead bytes.
uint32_t head_number(const char* head);
void set_head_number(char* head, uint32_t number);

}  // namespace sluice
