#include "format/sql/plan.h"

#include <algorithm>

#include <fmt/core.h>

#include "base/bytes.h"
#include "format/sql/literal.h"

namespace sluice::sql {
namespace {

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<uint8_t>(c) < 0x20; });
}

}  // namespace

std::string quoted_name(std::string_view name) {
  std::string quoted = "`";
  for (char c : name) quoted.append(c == '`' ? 2 : 1, c);
  return quoted + '`';
}

std::string refusal(std::string_view what, std::string_view why) {
  Bytes text;
  append_text(text, fmt::format("{}: {}", what, why));
  return fmt::format("SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT={};", text.view());
}

Plan::Plan(TablePtr shape) : table(std::move(shape)) {
  name = quoted_name(table->database) + "." + quoted_name(table->name);
  insert = "INSERT INTO " + name + " (";
  update = "UPDATE " + name + " SET ";
  remove = "DELETE FROM " + name + " WHERE ";
  odd_names = has_control(name);
  part_of_row = refusal(full_name(*table), "the log has only a part of the row, see binlog_row_image");
  part_of_document = refusal(
      full_name(*table), "the log has only what was changed within a document, see binlog_row_value_options");
  for (const Column& column : table->columns) {
    ColumnPlan plan;
    std::string quoted = quoted_name(column.name);
    odd_names |= has_control(quoted);
    plan.comma_name = Snippet("," + quoted);
    plan.name = Snippet(std::move(quoted));
    for (const std::string& member : column.members) {
      Bytes literal;
      append_text(literal, member);
      bool whole = column.type == ColumnType::Enum;
      plan.labels.emplace_back(whole ? literal.view() : std::string_view(member));
    }
    if (column.charset != "binary") plan.charset = column.charset;
    plan.writable = !column.generated && !column.hidden;
    columns.push_back(std::move(plan));
  }
  for (uint32_t ordinal : table->key) columns[ordinal].in_key = true;
}

}  // namespace sluice::sql
