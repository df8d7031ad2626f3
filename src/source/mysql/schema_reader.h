// SchemaReader: the tables of a server as information_schema shows them at this moment.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/mysql/connection.h"
#include "model/catalogue.h"
#include "model/table.h"
#include "source/mysql/server.h"

namespace sluice::mysql {

using DefaultCharsets = std::map<std::string, std::string>;  // by database; "" is the server's own

struct Schema {
  std::vector<Table> tables;  // by database and name; not frozen, serial 0
  DefaultCharsets default_charsets;

  bool operator==(const Schema& other) const;
};

// All base tables that the account may see, but for the server's views of itself (information_schema,
// performance_schema, sys).
Result<Schema> read_schema(Connection& connection, const Server& server);
Result<DefaultCharsets> read_default_charsets(Connection& connection, const Server& server);
// One table. Null: there is none, or the account may not see it.
Result<TablePtr> read_table(Connection& connection, const Server& server, std::string_view database,
                            std::string_view table);

void fill(Catalogue& catalogue, Schema schema);

}  // namespace sluice::mysql
