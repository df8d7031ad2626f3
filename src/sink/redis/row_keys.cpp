#include "sink/redis/row_keys.h"

#include <algorithm>

#include "format/plain.h"

namespace sluice::redis {

Result<RowKey> RowKey::parse(std::string_view text) {
  RowKey made;
  std::string literal;
  auto put = [&](Place place, std::string_view name) {
    if (!literal.empty()) made.parts_.push_back({Place::Text, std::exchange(literal, {})});
    made.parts_.push_back({place, std::string(name)});
  };
  for (size_t i = 0; i < text.size(); ++i) {
    bool twice = i + 1 < text.size() && text[i + 1] == text[i];
    if (text[i] == '}' && !twice) return usage("'{}': a }} without its {{; }}}} is a brace", text);
    if ((text[i] == '{' || text[i] == '}') && twice) {
      literal.push_back(text[i++]);
      continue;
    }
    if (text[i] != '{') {
      literal.push_back(text[i]);
      continue;
    }
    size_t end = text.find('}', i);
    if (end == text.npos) return usage("'{}': a {{ without its }}; {{{{ is a brace", text);
    std::string_view place = text.substr(i + 1, end - i - 1);
    if (place == "database") {
      put(Place::Database, "");
    } else if (place == "table") {
      put(Place::Table, "");
    } else if (place == "key") {
      put(Place::Key, "");
    } else if (place.starts_with("column:") && place.size() > 7) {
      put(Place::Column, place.substr(7));
    } else {
      return usage(
          "'{{{}}}' in '{}' is not known; expected {{database}}, {{table}}, {{key}} or {{column:NAME}}",
          place, text);
    }
    i = end;
  }
  if (!literal.empty()) made.parts_.push_back({Place::Text, literal});
  bool of_row = std::any_of(made.parts_.begin(), made.parts_.end(), [](const Part& part) {
    return part.place == Place::Key || part.place == Place::Column;
  });
  if (!of_row) return usage("'{}' is the same for all rows; put {{key}} or {{column:NAME}} into it", text);
  return made;
}

RowKey::Bound RowKey::bind(const Table& table) const {
  Bound made;
  made.parts.emplace_back();
  auto columns = [&](std::vector<uint32_t> ordinals) {
    made.parts.back().columns = std::move(ordinals);
    made.parts.emplace_back();
  };
  for (const Part& part : parts_) {
    switch (part.place) {
      case Place::Text: made.parts.back().text += part.text; break;
      case Place::Database: made.parts.back().text += table.database; break;
      case Place::Table: made.parts.back().text += table.name; break;
      case Place::Key:
        if (table.key.empty()) {
          made.fault = fmt::format(
              "table {} has no primary key that is known; name columns by {{column:NAME}}", full_name(table));
        }
        columns(table.key);
        break;
      case Place::Column: {
        auto found = std::find_if(table.columns.begin(), table.columns.end(),
                                  [&](const Column& column) { return column.name == part.text; });
        if (found == table.columns.end()) {
          made.fault = fmt::format("table {} has no column {}", full_name(table), part.text);
          break;
        }
        columns({static_cast<uint32_t>(found - table.columns.begin())});
      }
    }
  }
  return made;
}

// Within several, a comma or backslash of a value has a backslash in front, so that no two keys become one.
bool RowKey::append(Bytes& out, const Bound& bound, const Table& table, const Row& row, const Row& other) {
  bool whole = true;
  for (const Bound::Part& part : bound.parts) {
    out.append(part.text);
    for (size_t i = 0; i < part.columns.size(); ++i) {
      uint32_t column = part.columns[i];
      bool here = column < row.count && row[column].present();
      const Row& from = here ? row : other;
      if (i > 0) out.push(',');
      if (column >= from.count || !from[column].has_value()) {
        whole = false;
        continue;
      }
      size_t begin = out.size();
      append_plain(out, from[column], table.columns[column]);
      if (part.columns.size() == 1 || out.view().find_first_of(",\\", begin) == std::string_view::npos)
        continue;
      std::string text(out.view().substr(begin));
      out.truncate(begin);
      for (char c : text) {
        if (c == ',' || c == '\\') out.push('\\');
        out.push(c);
      }
    }
  }
  return whole;
}

}  // namespace sluice::redis
