#include "sink/mysql/column_type.h"

#include <climits>
#include <cstdint>

#include "mirror/type_words.h"

namespace sluice::mysql {
namespace {

using mirror::is_any_of;

std::string_view base_type(std::string_view type) { return type.substr(0, type.find_first_of("( ")); }

// Of a type without numbers 0.
mirror::TypeSize size_of(std::string_view type) { return mirror::size_of(type, 0); }

// What is common to the types that a value passes between.
std::string_view kind_of(std::string_view type) {
  std::string_view base = base_type(type);
  if (type.find("GENERATED") != std::string_view::npos) return "generated";
  if (is_any_of(base, {"tinyint", "smallint", "mediumint", "int", "bigint"})) return "whole";
  if (is_any_of(base, {"float", "double"})) return "real";
  if (is_any_of(base, {"datetime", "timestamp"})) return "moment";
  if (is_any_of(base, {"char", "varchar", "tinytext", "text", "mediumtext", "longtext"})) return "text";
  if (is_any_of(base, {"uuid", "inet4", "inet6"})) return "address";
  if (is_any_of(base, {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "vector"}))
    return "bytes";
  if (is_any_of(base, {"geometry", "point", "linestring", "polygon", "multipoint", "multilinestring",
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
  bool by_characters = is_any_of(has, {"char", "varchar"}),
       from_characters = is_any_of(needs, {"char", "varchar"});
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
  if (has == "address") return is_any_of(wanted, {"char(36)", "varchar(15)", "varchar(45)"});
  if (has == "decimal" && needs == "whole") return true;
  if (has == "whole" && needs == "year") return true;
  if (has != needs) return false;
  if (has == "decimal") return size_of(there).second >= size_of(wanted).second;
  if (has == "moment" || has == "time") return size_of(there).first >= size_of(wanted).first;
  if (has == "real") return real_holds(there, wanted);
  return has != "bytes" || bytes_hold(there, wanted);
}

}  // namespace sluice::mysql
