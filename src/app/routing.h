// Routing: what a sink is to get of the changes, and where at its target they go, as the configuration says
// it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/option.h"
#include "pipeline/route.h"
#include "pipeline/view.h"

namespace sluice::app {

// Of the pipeline, as of every sink, beside `tables`: columns, and the filters of other programs.
std::span<const Option> pipeline_filter_options();
// The patterns of `tables`, or what those filters mean.
Result<std::vector<std::string>> table_patterns(const Settings& settings);

// Of the pipeline and of every sink `where`, of a rule `when`. Null: there is none.
Result<std::shared_ptr<const rule::Rule>> condition_of(const Settings& settings,
                                                       std::string_view option = "where");

// What is wrong with those over columns and rows.
Result<void> check_pipeline_filters(const Settings& pipeline);

// Of every sink: tables, operations, where, columns, and other programs' filters.
std::span<const Option> view_options();
// Of a sink with addressing: key, partition_by, partition_hash, and canal's lines.
std::span<const Option> address_options();
// Of a rule under `routes`: tables, when, to and, where the target has keys, key, partition_by,
// partition_hash.
std::span<const Option> rule_options(Places places = Places::Keys);

// What the pipeline's options and the sink's leave of a batch, of schema changes none unless `ddl`; null
// where that is all of it.
Result<std::shared_ptr<const ViewSetup>> view_setup(const Settings& pipeline, const Settings& lane,
                                                    const Settings& address, bool ddl = true);
// `rules`: in their order. What a rule does not say is as the sink's own options say it. Null where
// everything goes to one place of a target that takes lines.
Result<std::shared_ptr<const RouteSetup>> route_setup(const Addressing& addressing, const Settings& sink,
                                                      const Settings& address,
                                                      const std::vector<Settings>& rules);

}  // namespace sluice::app
