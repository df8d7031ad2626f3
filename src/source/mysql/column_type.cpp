#include "source/mysql/column_type.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

namespace sluice::mysql {
namespace {

struct Name {
  std::string_view text;
  ColumnType type;
};

constexpr Name kNames[] = {
    {"tinyint", ColumnType::TinyInt},
    {"smallint", ColumnType::SmallInt},
    {"mediumint", ColumnType::MediumInt},
    {"int", ColumnType::Int},
    {"bigint", ColumnType::BigInt},
    {"float", ColumnType::Float},
    {"double", ColumnType::Double},
    {"decimal", ColumnType::Decimal},
    {"bit", ColumnType::Bit},
    {"year", ColumnType::Year},
    {"date", ColumnType::Date},
    {"time", ColumnType::Time},
    {"datetime", ColumnType::DateTime},
    {"timestamp", ColumnType::Timestamp},
    {"char", ColumnType::Char},
    {"varchar", ColumnType::VarChar},
    {"tinytext", ColumnType::TinyText},
    {"text", ColumnType::Text},
    {"mediumtext", ColumnType::MediumText},
    {"longtext", ColumnType::LongText},
    {"binary", ColumnType::Binary},
    {"varbinary", ColumnType::VarBinary},
    {"tinyblob", ColumnType::TinyBlob},
    {"blob", ColumnType::Blob},
    {"mediumblob", ColumnType::MediumBlob},
    {"longblob", ColumnType::LongBlob},
    {"enum", ColumnType::Enum},
    {"set", ColumnType::Set},
    {"json", ColumnType::Json},
    {"geometry", ColumnType::Geometry},
    {"point", ColumnType::Geometry},
    {"linestring", ColumnType::Geometry},
    {"polygon", ColumnType::Geometry},
    {"multipoint", ColumnType::Geometry},
    {"multilinestring", ColumnType::Geometry},
    {"multipolygon", ColumnType::Geometry},
    {"geometrycollection", ColumnType::Geometry},
    {"geomcollection", ColumnType::Geometry},
    {"vector", ColumnType::Vector},
    {"uuid", ColumnType::Uuid},
    {"inet4", ColumnType::Inet4},
    {"inet6", ColumnType::Inet6},
};

// `'a','it''s'`: a quote is doubled; a backslash stands for itself.
std::vector<std::string> parse_members(std::string_view text) {
  std::vector<std::string> members;
  size_t i = 0;
  while (i < text.size() && text[i] == '\'') {
    std::string member;
    for (++i; i < text.size(); ++i) {
      if (text[i] == '\'') {
        if (i + 1 >= text.size() || text[i + 1] != '\'') break;
        ++i;
      }
      member.push_back(text[i]);
    }
    members.push_back(std::move(member));
    i += 2;  // the closing quote and the comma
  }
  return members;
}

void set_numbers(std::string_view text, Column& column) {
  uint32_t first = 0, second = 0;
  auto [next, failure] = std::from_chars(text.data(), text.data() + text.size(), first);
  if (failure != std::errc()) return;
  if (next != text.data() + text.size() && *next == ',') {
    std::from_chars(next + 1, text.data() + text.size(), second);
  }
  switch (column.type) {
    case ColumnType::Decimal:
      column.precision = static_cast<uint8_t>(first);
      column.scale = static_cast<uint8_t>(second);
      break;
    case ColumnType::Time:
    case ColumnType::DateTime:
    case ColumnType::Timestamp:
      column.fraction_digits = static_cast<uint8_t>(std::min<uint32_t>(first, 6));
      break;
    case ColumnType::Bit:
    case ColumnType::Char:
    case ColumnType::VarChar:
    case ColumnType::Binary:
    case ColumnType::VarBinary:
    case ColumnType::Vector: column.length = first; break;
    default: break;  // display widths of numbers say nothing of their values
  }
}

}  // namespace

void set_declared_type(std::string_view declared, Column& column) {
  column.declared = declared;
  std::string_view name = declared.substr(0, declared.find_first_of(" ("));
  auto found =
      std::find_if(std::begin(kNames), std::end(kNames), [&](const Name& n) { return n.text == name; });
  column.type = found == std::end(kNames) ? ColumnType::Unknown : found->type;
  std::string_view behind = declared.substr(name.size());
  if (behind.starts_with('(')) {
    // The last parenthesis: a member may contain one.
    size_t close = behind.rfind(')');
    std::string_view inside = behind.substr(1, close == std::string_view::npos ? 0 : close - 1);
    if (column.type == ColumnType::Enum || column.type == ColumnType::Set) {
      column.members = parse_members(inside);
    } else {
      set_numbers(inside, column);
    }
    behind = close == std::string_view::npos ? std::string_view() : behind.substr(close + 1);
  }
  column.is_unsigned =
      behind.find("unsigned") != std::string_view::npos || behind.find("zerofill") != std::string_view::npos;
}

}  // namespace sluice::mysql
