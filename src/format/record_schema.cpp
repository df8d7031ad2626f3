#include "format/record_schema.h"

#include <algorithm>
#include <cctype>

#include "base/hash.h"
#include "format/json_text.h"

namespace sluice {

std::string schema_name(std::string_view text) {
  std::string name;
  for (char c : text) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += plain ? c : '_';
  }
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) name.insert(name.begin(), '_');
  return name;
}

std::string FieldNames::form(std::string name) const {
  if (language_ == SchemaLanguage::Avro) return name;
  std::erase(name, '_');
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

std::string FieldNames::of(std::string_view column) {
  std::string name = schema_name(column), tried = name;
  for (int i = 2; !taken_.insert(form(tried)).second; ++i) tried = name + "_" + std::to_string(i);
  return tried;
}

namespace {

// Three bytes of tag; the range that Protobuf keeps for itself (19000 to 19999) lies below.
constexpr uint32_t kFirstNumber = 20'000, kLastNumber = (1u << 18) - 1;

}  // namespace

std::vector<uint32_t> field_numbers(const std::vector<std::string>& names, FieldNumbers by) {
  std::vector<uint32_t> numbers;
  std::set<uint32_t> taken;
  constexpr uint32_t kReservedFirst = 19'000, kReserved = 1000;
  for (const std::string& name : names) {
    uint32_t number = static_cast<uint32_t>(numbers.size()) + 1;
    if (number >= kReservedFirst) number += kReserved;
    if (by == FieldNumbers::Name) {
      number = kFirstNumber + static_cast<uint32_t>(murmur2(name)) % (kLastNumber - kFirstNumber);
      while (!taken.insert(number).second) ++number;
    }
    numbers.push_back(number);
  }
  return numbers;
}

std::string schema_text(SchemaLanguage language, const RecordSchema& record) {
  return language == SchemaLanguage::Avro ? avro_text(record) : proto_text(record);
}

}  // namespace sluice
