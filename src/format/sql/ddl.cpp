#include "format/sql/ddl.h"

#include <algorithm>
#include <cctype>
#include <cstdint>

#include "base/bytes.h"

namespace sluice::sql {
namespace {

bool is_control(char c) { return static_cast<uint8_t>(c) < 0x20; }

// Two dashes begin a comment only before white space.
bool is_dash_comment(std::string_view text) {
  return text.starts_with("--") && (text.size() == 2 || static_cast<uint8_t>(text[2]) <= ' ');
}

// Behind the quoted part at the front of `text`.
size_t quoted_size(std::string_view text) {
  char quote = text.front();
  for (size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '\\' && quote != '`') {
      ++at;
    } else if (text[at] == quote) {
      return at + 1;
    }
  }
  return text.size();
}

}  // namespace

std::string one_line(std::string_view statement) {
  std::string line;
  while (!statement.empty()) {
    char c = statement.front();
    size_t size = 1;
    if (c == '\'' || c == '"' || c == '`') {
      size = quoted_size(statement);
      std::string_view part = statement.substr(0, size);
      if (std::any_of(part.begin(), part.end(), is_control)) return {};
      line += part;
    } else if (c == '#' || is_dash_comment(statement)) {
      size = std::min(statement.find('\n'), statement.size());
    } else {
      line += is_control(c) ? ' ' : c;
    }
    statement.remove_prefix(size);
  }
  while (!line.empty() && (line.back() == ' ' || line.back() == ';')) line.pop_back();
  return line;
}

bool shapes_database(std::string_view line) {
  size_t words = 0;
  bool first_fits = false;
  for (size_t at = 0; at < line.size() && words < 4;) {
    if (!std::isalpha(static_cast<unsigned char>(line[at]))) {
      if (line[at] == '`') return false;  // a name
      ++at;
      continue;
    }
    std::string word;
    for (; at < line.size() && std::isalpha(static_cast<unsigned char>(line[at])); ++at) {
      word += static_cast<char>(std::toupper(static_cast<unsigned char>(line[at])));
    }
    if (++words == 1) first_fits = word == "CREATE" || word == "DROP" || word == "ALTER";
    if (words > 1 && (word == "DATABASE" || word == "SCHEMA")) return first_fits;
    if (words > 1 && word != "OR" && word != "REPLACE") return false;
  }
  return false;
}

std::string prepared(std::string_view statement) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string line = "SET @sluice=_utf8mb4 0x";
  for (char c : statement) {
    line += kDigits[static_cast<uint8_t>(c) >> 4];
    line += kDigits[c & 15];
  }
  return line + ";PREPARE sluice FROM @sluice;EXECUTE sluice;DEALLOCATE PREPARE sluice;";
}

}  // namespace sluice::sql
