#include "support/describe_table.h"

#include <fmt/core.h>

#include <map>
#include <sstream>

#include "wire/mysql/create_table.h"
#include "wire/mysql/schema_file.h"

namespace sluice::test {
namespace {

constexpr const char* kTypes[] = {
    "Unknown",   "TinyInt",   "SmallInt", "MediumInt", "Int",        "BigInt",     "Float",
    "Double",    "Decimal",   "Bit",      "Year",      "Date",       "Time",       "DateTime",
    "Timestamp", "Char",      "VarChar",  "TinyText",  "Text",       "MediumText", "LongText",
    "Binary",    "VarBinary", "TinyBlob", "Blob",      "MediumBlob", "LongBlob",   "Enum",
    "Set",       "Json",      "Geometry", "Vector",    "Uuid",       "Inet4",      "Inet6",
};
static_assert(std::size(kTypes) == static_cast<size_t>(ColumnType::Inet6) + 1);

std::string one_line(const std::string& text) {
  std::string result;
  for (char c : text) {
    if (static_cast<unsigned char>(c) < ' ') {
      result += fmt::format("<{:02x}>", static_cast<unsigned>(c));
    } else {
      result.push_back(c);
    }
  }
  return result;
}

std::string describe_type(const Column& column) {
  std::string text = kTypes[static_cast<size_t>(column.type)];
  if (column.length > 0) text += fmt::format("({})", column.length);
  if (column.type == ColumnType::Decimal) text += fmt::format("({},{})", column.precision, column.scale);
  if (column.fraction_digits > 0) text += fmt::format("({})", column.fraction_digits);
  if (column.is_unsigned) text += " unsigned";
  for (const std::string& member : column.members) text += fmt::format(" [{}]", one_line(member));
  return text;
}

}  // namespace

std::string describe(const Table& table) {
  std::string key;
  for (uint32_t ordinal : table.key)
    key += (key.empty() ? "" : ",") + one_line(table.columns.at(ordinal).name);
  std::string text = fmt::format("{}.{} charset={} collation={} key={}\n", one_line(table.database),
                                 one_line(table.name), table.charset, table.collation, key);
  for (const Column& column : table.columns) {
    text += fmt::format("  {} | {} | {} | {}", one_line(column.name), one_line(column.declared),
                        describe_type(column), column.nullable ? "null" : "not null");
    if (!column.charset.empty()) text += ", " + column.charset;
    if (!column.collation.empty()) text += ", " + column.collation;
    if (column.generated) text += ", generated";
    if (column.invisible) text += ", invisible";
    if (column.hidden) text += ", hidden";
    text += "\n";
  }
  return text;
}

std::string describe(const Catalogue& catalogue) {
  std::map<std::pair<std::string, std::string>, std::string> tables;
  catalogue.for_each([&](const TablePtr& table) {
    tables[{table->database, table->name}] = describe(*table);
  });
  std::string text;
  for (const auto& [name, lines] : tables) text += lines;
  return text;
}

std::string described_visible(const Catalogue& catalogue) {
  std::istringstream lines(describe(catalogue));
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    if (!line.ends_with(", hidden")) kept += line + "\n";
  }
  return kept;
}

std::string described_again(const Catalogue& catalogue) {
  if (catalogue.size() == 0) return {};
  std::string sql;
  catalogue.for_each([&](const TablePtr& table) { sql += mysql::create_statement(*table); });
  Catalogue again;
  auto read = mysql::read_schema(sql, "what was shown", again);
  return read ? described_visible(again) : read.error().what + "\n" + sql;
}

}  // namespace sluice::test
