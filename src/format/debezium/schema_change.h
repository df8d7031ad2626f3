// Records of the topic of schema changes.
#pragma once

#include <string>

#include "model/batch.h"

namespace sluice::debezium {

// [{"type":"ALTER","id":…,"table":{…}}], empty where the change shapes no single known table.
std::string table_changes(const Change& change, const Event& event);

}  // namespace sluice::debezium
