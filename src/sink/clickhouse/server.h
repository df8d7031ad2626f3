// Server: what is asked of ClickHouse besides inserts, and what its faults mean.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "net/http_nodes.h"
#include "sink/clickhouse/shape.h"

namespace sluice::clickhouse {

struct Target {
  std::string database, table;

  // `database.table`, or a table of the database `default`.
  static Target parse(std::string_view text);
  std::string quoted() const;
};

struct Version {
  int year = 0, month = 0;

  // Of `26.5.1.1`; zeros where it is none.
  static Version parse(std::string_view text);
  auto operator<=>(const Version&) const = default;
};

// What a fault of the server's says about what was asked.
enum class Verdict : uint8_t {
  Passing,    // the same may go later
  Login,      // for the operator to mend
  Structure,  // the table is another than it was taken for
  Rows,       // some row is not taken
  Other,
};
// Of the answer's body: `Code: 252, e.displayText() = …`; 0: it has none.
int code_of(std::string_view body);
Verdict verdict_of(const HttpAnswer& answer);

std::string url_escaped(std::string_view text);

class Server {
 public:
  Server(HttpNodes& nodes, const HttpHeaders& headers) : nodes_(nodes), headers_(headers) {}

  // The answer's text. Nothing: the server refuses it, and why() tells. Otherwise a fault.
  Result<std::optional<std::string>> ask(std::string_view query);
  const std::string& why() const { return why_; }

  // Of a table that is there; else nothing.
  struct Table {
    Shape shape;  // without a key
    std::string engine, sorting_key;
  };
  Result<std::optional<Table>> describe(const Target& name);

 private:
  HttpNodes& nodes_;
  const HttpHeaders& headers_;
  std::string why_;
};

}  // namespace sluice::clickhouse
