// The source that follows the binary log of a live MySQL or MariaDB server, as a replica does.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/option.h"
#include "base/url.h"
#include "client/mysql/connection.h"
#include "model/catalogue.h"
#include "model/selection.h"
#include "source/mysql/start_point.h"
#include "source/source.h"
#include "wire/mysql/decoder.h"

namespace sluice {

struct MysqlSourceSetup {
  mysql::ConnectionOptions connection;
  StartPoint start;        // where no position is known
  uint32_t server_id = 0;  // as a replica; 0: a random one that no other replica has
  // The idle server says so often that it is alive; three times that silence is a dead connection.
  std::chrono::milliseconds heartbeat{3000};
  bool semi_sync = false;
  bool until_now = false;  // ends where the log ends at present
  mysql::DecoderOptions decoder;
};

// What `sources: mysql:` can be told, and what becomes of it. A password is taken from `password_file`, else
// `password_env`, else the URL.
std::span<const Option> mysql_source_options();
Result<MysqlSourceSetup> mysql_setup(const Settings& settings);
// The same from `mysql://user:password@host:port/?option=value…`; any option but the URL may stand behind
// the question mark.
Result<MysqlSourceSetup> mysql_setup(const Url& url);

struct MysqlSourceStatus {
  bool connected = false;
  std::string server;      // `user@host:port`
  std::string version;     // of the server; empty: never connected
  std::string reason;      // why it is not connected; empty: it is, or nothing was tried
  Position position;       // after the last whole transaction that was read
  uint32_t timestamp = 0;  // of the last event read, seconds since 1970 UTC
  bool idle = false;       // everything that the server has was read
  uint64_t bytes = 0;      // of the log, read since the start
  uint64_t connections = 0;
  uint64_t ddl_not_understood = 0;  // schema changes whose tables were learnt anew instead
  uint64_t skipped_events = 0;      // by a policy, or marked as ignorable
  uint64_t invalid_bytes = 0;       // of text, that their columns' character sets do not know
  uint64_t invalid_labels = 0;      // of ENUM and SET values, numbers without one
  std::vector<AsideTable> aside;    // whose columns are not known
  uint64_t aside_bytes = 0;         // of all of them together
};

class MysqlSource : public Source {
 public:
  virtual MysqlSourceStatus status() const = 0;  // any thread
};

// `catalogue` and `selection` outlive the source. The catalogue is filled from the server if it is empty.
std::unique_ptr<MysqlSource> make_mysql_source(MysqlSourceSetup setup, Catalogue& catalogue,
                                               const Selection& selection);

}  // namespace sluice
