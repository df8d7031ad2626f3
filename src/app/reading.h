// How `tail` and `decode` are told what to read.
#pragma once

#include <string_view>

#include "base/option.h"
#include "source/mysql/start_point.h"

namespace sluice::app::reading {

constexpr Option kTables = {
    "tables",     OptionKind::List,
    "",           "which tables: shop.*, !shop.tmp_*, /regular expression/; the last one that fits decides",
    {},           false,
    "PATTERN,..."};
constexpr Option kWhere = {
    "where",    OptionKind::Text,
    "",         "which rows' changes: those of which the condition is true, as in docs/rules.md; none: all",
    {},         false,
    "CONDITION"};
constexpr Option kDdl = {"ddl", OptionKind::Boolean, "true", "leave schema changes out"};
constexpr Option kHelperTables = {
    "helper_tables", OptionKind::Boolean, "false",
    "show the tables that gh-ost and pt-online-schema-change make beside the one they change, too"};

// Of --from and --until.
Result<StartPoint> point(const Settings& settings, std::string_view option);

}  // namespace sluice::app::reading
