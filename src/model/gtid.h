// GTID sets of both servers. MySQL: `uuid[:tag]:interval[:interval…],…`, where a tag holds for the intervals
// after it (server 8.3 and newer). MariaDB: `domain-server-sequence,…`, the last transaction of each domain.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sluice {

enum class Flavor : uint8_t { Unknown, MySql, MariaDb };

using Uuid = std::array<uint8_t, 16>;
Result<Uuid> parse_uuid(std::string_view text);
std::string to_string(const Uuid& uuid);

class GtidSet {
 public:
  // Half-open: [first, second).
  using Interval = std::pair<uint64_t, uint64_t>;
  struct Sid {
    Uuid uuid{};
    std::string tag;  // lower case; empty: none
    auto operator<=>(const Sid&) const = default;
  };
  struct MariaDbGtid {
    uint32_t server_id;
    uint64_t sequence;
    bool operator==(const MariaDbGtid&) const = default;
  };

  // Either server's form; the empty text is the empty set. White space between the parts is allowed.
  static Result<GtidSet> parse(std::string_view text);
  // Canonical: sorted, intervals merged. parse(text()) is the same set.
  std::string text() const;

  bool empty() const { return mysql_.empty() && mariadb_.empty(); }
  Flavor flavor() const;
  void clear();

  void add(const Sid& sid, uint64_t number);                         // MySQL
  void add(const Sid& sid, Interval interval);                       // MySQL
  void set(uint32_t domain, uint32_t server_id, uint64_t sequence);  // MariaDB: the domain's newest
  bool contains(const Sid& sid, uint64_t number) const;
  // MySQL: subset. MariaDB: each domain of `other` is known here with the same or a later sequence.
  bool contains(const GtidSet& other) const;
  // MySQL: what `other` has and this has not is left out. Used to name a gap. MariaDB: domains where this is
  // ahead.
  GtidSet minus(const GtidSet& other) const;
  void unite(const GtidSet& other);

  const std::map<Sid, std::vector<Interval>>& mysql() const { return mysql_; }
  const std::map<uint32_t, MariaDbGtid>& mariadb() const { return mariadb_; }

  bool operator==(const GtidSet&) const = default;

 private:
  std::map<Sid, std::vector<Interval>> mysql_;  // sorted, disjoint, not touching
  std::map<uint32_t, MariaDbGtid> mariadb_;     // by domain
};

}  // namespace sluice
