#include "pipeline/progress.h"

namespace sluice {

bool covers(const Position& position, const Batch& batch, const Change& change) {
  const Event& event = batch.events[change.event];
  if (same_log(position, batch.resume)) {
    auto order = compare_log_files(event.file, position.file);
    return order < 0 || (order == 0 && event.next <= position.offset);
  }
  std::string_view gtid = batch.transactions[change.transaction].gtid;
  if (gtid.empty()) return false;
  auto set = GtidSet::parse(gtid);
  return set && position.gtids.contains(*set);
}

}  // namespace sluice
