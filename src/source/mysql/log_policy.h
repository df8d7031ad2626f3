// What to do about a log that cannot be shown as it stands: options of whoever reads one, from a server or
// from files.
#pragma once

#include "base/option.h"
#include "wire/mysql/decoder.h"

namespace sluice {

constexpr Option kUnknownEvents = {
    "unknown_events", OptionKind::Choice, "stop",
    "events of the log that are not understood: stop, or pass over them with a warning and a count",
    "stop|skip"};
constexpr Option kTransactions = {
    "transactions", OptionKind::Choice, "rows",
    "rows: changes come out as they are read; whole: none of a transaction before its COMMIT was read; what "
    "waits lies on disk beyond 4 MB",
    "rows|whole"};
constexpr Option kLostChanges = {
    "lost_changes", OptionKind::Choice, "stop",
    "what the log itself says is missing (an incident; an XA transaction prepared before the start)",
    "stop|skip"};

inline void read_log_policy(const Settings& settings, mysql::DecoderOptions& decoder) {
  decoder.skip_unknown = settings.text("unknown_events") == "skip";
  decoder.whole = settings.text("transactions") == "whole";
  decoder.skip_lost = settings.text("lost_changes") == "skip";
}

}  // namespace sluice
