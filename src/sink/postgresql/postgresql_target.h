// A PostgreSQL database as a mirror's target. Rows of one table go in statements of many, a column's values
// as an array.
#pragma once

#include <memory>
#include <string>

#include "client/postgresql/connection.h"
#include "mirror/target.h"

namespace sluice::postgresql {

// `schema`: where sluice_checkpoint is, and tables of a place without a dot.
// `several`: others of the same database work at the same time.
std::unique_ptr<mirror::Target> make_target(ConnectionOptions options, std::string schema, bool several);

}  // namespace sluice::postgresql
