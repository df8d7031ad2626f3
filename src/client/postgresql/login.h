// The options of whoever logs in to a PostgreSQL server, and what becomes of them.
#pragma once

#include "base/login.h"
#include "base/url.h"
#include "client/postgresql/connection.h"

namespace sluice::postgresql {

// Of settings that have all of the options of login.h and `url`.
Result<ConnectionOptions> connection_options(const Settings& settings, const Url& url);

}  // namespace sluice::postgresql
