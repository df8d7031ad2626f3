// Tables: those of the target, brought into the shape that rows are to have.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "sink/clickhouse/server.h"

namespace sluice::clickhouse {

class Tables {
 public:
  explicit Tables(const Options& options) : options_(options) {}

  // Makes the table, or gives it the columns that it lacks, where the options allow that. Returns why rows of
  // this shape cannot go there; empty: they can.
  Result<std::string> fit(Server& server, const std::string& destination, const std::string& shape);
  // What a schema change says (RowBinary's lines). Likewise.
  Result<std::string> follow(Server& server, const std::string& destination, std::string_view lines);
  // It is not what it was taken for.
  void forget(const std::string& destination) { fitting_.erase(destination); }

 private:
  Result<std::string> make(Server& server, const Target& name, const Shape& wanted);
  Result<std::string> change(Server& server, const Target& name, const Server::Table& there,
                             const Shape& wanted);
  Result<std::string> follow_line(Server& server, const Target& name, std::string_view line);
  static Result<std::string> run(Server& server, const std::string& statement);

  const Options& options_;
  std::map<std::string, std::set<std::string>> fitting_;  // shapes that a destination has the columns of
};

}  // namespace sluice::clickhouse
