#include "sink/mysql/column_type.h"

#include <algorithm>
#include <charconv>
#include <climits>
#include <cstdint>

namespace sluice::mysql {
namespace {

bool any(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string_view base_type(std::string_view type) { return type.substr(0, type.find_first_of("( ")); }

// The numbers in parentheses; of a type without them 0.
struct Size {
  int first = 0, second = 0;
};

Size size_of(std::string_view type) {
  Size size;
  size_t open = type.find('(');
  if (open == std::string_view::npos) return size;
  const char* end = type.data() + type.size();
  auto [at, code] = std::from_chars(type.data() + open + 1, end, size.first);
  if (code == std::errc() && at != end && *at == ',') std::from_chars(at + 1, end, size.second);
  return size;
}

// What is common to the types that a value passes between.
std::string_view kind_of(std::string_view type) {
  std::string_view base = base_type(type);
  if (type.find("GENERATED") != std::string_view::npos) return "generated";
  if (any(base, {"tinyint", "smallint", "mediumint", "int", "bigint"})) return "whole";
  if (any(base, {"float", "double"})) return "real";
  if (any(base, {"datetime", "timestamp"})) return "moment";
  if (any(base, {"char", "varchar", "tinytext", "text", "mediumtext", "longtext"})) return "text";
  if (any(base, {"uuid", "inet4", "inet6"})) return "address";
  if (any(base, {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "vector"}))
    return "bytes";
  if (any(base, {"geometry", "point", "linestring", "polygon", "multipoint", "multilinestring",
                 "multipolygon", "geometrycollection", "geomcollection"})) {
    return "geometry";
  }
  return base;
}

// Of a text: characters of CHAR and VARCHAR, bytes of the others.
int64_t length_of(std::string_view type) {
  std::string_view base = base_type(type);
  if (base == "tinytext") return UINT8_MAX;
  if (base == "text") return UINT16_MAX;
  if (base == "mediumtext") return (1 << 24) - 1;
  if (base == "longtext") return UINT32_MAX;
  return size_of(type).first;
}

bool text_holds(std::string_view there, std::string_view wanted) {
  constexpr int kBytesOfCharacter = 4;
  std::string_view has = base_type(there), needs = base_type(wanted);
  // What else becomes a text has no spaces at its end.
  if (kind_of(wanted) != "text") return true;
  if (has == "char" && needs != "char") return false;
  bool by_characters = any(has, {"char", "varchar"}), from_characters = any(needs, {"char", "varchar"});
  return length_of(there) >= length_of(wanted) * (!by_characters && from_characters ? kBytesOfCharacter : 1);
}

bool bytes_hold(std::string_view there, std::string_view wanted) {
  if (base_type(there) != "binary") return true;
  return base_type(wanted) == "binary" && size_of(there).first == size_of(wanted).first;
}

bool real_holds(std::string_view there, std::string_view wanted) {
  if (there.find(',') != std::string_view::npos) return false;  // FLOAT(7,4) rounds to its four digits
  return base_type(there) == "double" || base_type(wanted) == "float";
}

}  // namespace

bool is_real(std::string_view type) { return kind_of(type) == "real"; }

bool holds(std::string_view there, std::string_view wanted) {
  std::string_view has = kind_of(there), needs = kind_of(wanted);
  if (has == "generated") return false;
  if (has == "text") return needs != "bytes" && needs != "geometry" && text_holds(there, wanted);
  if (has == "address") return any(wanted, {"char(36)", "varchar(15)", "varchar(45)"});
  if (has == "decimal" && needs == "whole") return true;
  if (has == "whole" && needs == "year") return true;
  if (has != needs) return false;
  if (has == "decimal") return size_of(there).second >= size_of(wanted).second;
  if (has == "moment" || has == "time") return size_of(there).first >= size_of(wanted).first;
  if (has == "real") return real_holds(there, wanted);
  return has != "bytes" || bytes_hold(there, wanted);
}

}  // namespace sluice::mysql
