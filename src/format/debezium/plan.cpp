#include "format/debezium/plan.h"

#include "format/debezium/schema.h"
#include "format/json_text.h"

namespace sluice::debezium {

Plan::Plan(TablePtr shape, const Options& options, std::string_view connector) : table(std::move(shape)) {
  for (const Column& column : table->columns) {
    ColumnPlan plan{.key = Snippet("," + quoted(column.name) + ":"), .column = &column};
    for (const std::string& member : column.members) {
      std::string label = quoted(member);
      plan.members.push_back(label.substr(1, label.size() - 2));
    }
    plan.one_bit = column.type == ColumnType::Bit && column.length == 1;
    plan.point = column.declared == "point";
    columns.push_back(std::move(plan));
  }
  key = options.keys ? options.keys->of(*table) : table->key;
  database = quoted(table->database);
  place = Snippet(",\"table\":" + quoted(table->name) + ",\"server_id\":");
  if (options.schemas) {
    key_head = "{\"schema\":" + key_schema(*table, key, options) + ",\"payload\":";
    value_head = "{\"schema\":" + value_schema(*table, options, connector) + ",\"payload\":";
  }
}

}  // namespace sluice::debezium
