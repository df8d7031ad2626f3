#include "format/maxwell/key.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

#include "format/json_text.h"

namespace sluice::maxwell {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

void append_value(Bytes& out, const Cell& cell, const ColumnPlan& column, DayMemo& memo) {
  if (!cell.present() || shown_as_null(cell, false)) return out.append("null");
  size_t most = kScalarBytes + column.label_bytes + kSlack;
  if (has_bytes(cell.kind)) most += 6 * size_t{cell.size} + kScalarBytes;
  char* at = out.reserve(most);
  out.commit(spell_value(at, cell, column, memo));
}

}  // namespace

KeyPlan::KeyPlan(const Table& table, KeyFormat format) : format_(format) {
  std::string database = json_text(table.database), name = json_text(table.name);
  bool hash = format == KeyFormat::Hash;
  head_ = hash ? fmt::format(R"({{"database":"{}","table":"{}")", database, name)
               : fmt::format(R"(["{}","{}",[)", database, name);
  for (uint32_t column : table.key) {
    std::string key = json_text(lower(table.columns[column].name));
    bool first = parts_.empty();
    parts_.push_back({column, hash    ? ",\"pk." + key + "\":"
                              : first ? "{\"" + key + "\":"
                                      : ",{\"" + key + "\":"});
  }
}

void KeyPlan::append(Bytes& out, const Batch& batch, const Change& change, const Plan& plan,
                     DayMemo& memo) const {
  const Row& row = change.after ? change.after : change.before;
  out.append(head_);
  for (const Part& part : parts_) {
    out.append(part.name);
    bool here = part.column < row.count && row[part.column].present();
    const Row& holder = here ? row : change.before;
    append_value(out, part.column < holder.count ? holder[part.column] : Cell(), plan.columns[part.column],
                 memo);
    if (format_ == KeyFormat::Array) out.push('}');
  }
  if (parts_.empty() && format_ == KeyFormat::Hash) {
    std::string_view id = batch.transactions[change.transaction].id;
    char* at = out.reserve(6 * id.size() + 2 * kScalarBytes + kSlack);
    constexpr std::string_view kName = ",\"_uuid\":\"";
    std::memcpy(at, kName.data(), kName.size());
    at = spell_json_text(at + kName.size(), id);
    *at++ = '#';
    at = spell_uint(at, change.index);
    *at++ = '"';
    out.commit(at);
  }
  out.append(format_ == KeyFormat::Hash ? "}" : "]]");
}

}  // namespace sluice::maxwell
