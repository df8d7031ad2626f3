// The lines of canal's instance.properties that choose tables, columns, topics and partitions, as they are
// written there. docs/routing.md tells what they mean.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/route.h"

namespace sluice::app {

// canal.instance.filter.regex and filter.black.regex as patterns of a Selection; empty where they leave
// nothing out.
Result<std::vector<std::string>> canal_tables(std::string_view white, std::string_view black);

// canal.instance.filter.field and filter.black.field as patterns over `database.table.column`.
Result<std::vector<std::string>> canal_columns(std::string_view white, std::string_view black);

// What an item of canal.mq.dynamicTopic or canal.mq.partitionHash says of the tables that it fits.
struct CanalTopic {
  std::shared_ptr<const Selection> tables;
  Template topic;
};
struct CanalPartition {
  std::shared_ptr<const Selection> tables;
  Spread spread;
};

// In the order in which they are to be tried.
Result<std::vector<CanalTopic>> canal_topics(std::string_view lines);
// `partitions`: canal.mq.partitionsNum; 0: as many as the target has.
Result<std::vector<CanalPartition>> canal_partitions(std::string_view lines, bool with_database,
                                                     int32_t partitions);

}  // namespace sluice::app
