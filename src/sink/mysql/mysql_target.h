// A MySQL or MariaDB server as a mirror's target. Rows of one table go in statements of many, folded by key;
// where it has further unique indexes, one by one in order.
#pragma once

#include <memory>
#include <string>

#include "client/mysql/connection.h"
#include "mirror/target.h"

namespace sluice::mysql {

// `database`: where sluice_checkpoint is, and tables of a place without a dot.
// `several`: others of the same database work at the same time.
std::unique_ptr<mirror::Target> make_target(ConnectionOptions options, std::string database, bool several);

}  // namespace sluice::mysql
