#include "format/canal/packet_plan.h"

#include <algorithm>

#include "format/canal/column_type.h"
#include "format/canal/proto.h"
#include "format/canal/value.h"

namespace sluice::canal {
namespace {

// Tags and sizes of a column, its flags, and what closing it may ask for.
constexpr size_t kColumnBytes = 6 * kVarintBytes;
// What the value of a short column takes: guessing the size's width needs no more.
constexpr size_t kShortValue = 16;

}  // namespace

std::string utf8(std::string_view text) {
  std::string made(3 * text.size(), '\0');
  char* end = spell_utf8(made.data(), text);
  made.resize(static_cast<size_t>(end - made.data()));
  return made;
}

PacketPlan::PacketPlan(TablePtr shape, const Options& options) : table(std::move(shape)) {
  for (size_t i = 0; i < table->columns.size(); ++i) {
    const Column& column = table->columns[i];
    bool key = std::find(table->key.begin(), table->key.end(), i) != table->key.end();
    std::string index = varint_field(1, static_cast<int64_t>(i));
    std::string name = bytes_field(3, utf8(column.name)) + (key ? varint_field(4, 1) : "");
    PacketColumn plan;
    plan.index = Snippet(index);
    std::string head = index;
    plan.head = Snippet(head.append(varint_field(2, sql_type(column))).append(name));
    plan.name = Snippet(name);
    plan.mysql_type = Snippet(bytes_field(10, utf8(mysql_type(column))));
    size_t longest = 0, all = 0;
    for (const std::string& member : column.members) {
      if (options.strict) break;  // their numbers are shown
      plan.labels.emplace_back(utf8(member));
      longest = std::max(longest, plan.labels.back().size());
      all += plan.labels.back().size() + 1;
    }
    size_t size = plan.head.size() + plan.mysql_type.size();
    plan.width = varint_size(size + kShortValue);
    row_bytes += size + kColumnBytes + kScalarBytes + (column.type == ColumnType::Set ? all : longest);
    columns.push_back(std::move(plan));
  }
  names = bytes_field(8, utf8(table->database)) + bytes_field(9, utf8(table->name));
}

}  // namespace sluice::canal
