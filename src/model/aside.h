// Events set aside: rows, and schema changes between them, of tables whose columns are not known at that
// place of the log. They are kept as they stood in it until somebody tells the columns, and then come out in
// their order.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/catalogue.h"

namespace sluice {

struct AsideEvent {
  uint64_t id =
      0;  // 1, 2, … in the order of the log; the same when the same event is read again. 0: no event
  TableName table;
  std::string place;  // `file:offset`, for people
  bool ddl = false;   // a schema change, of `table` among others
  std::string bytes;  // the event and what belongs to it; only who set it aside can read it
};

struct AsideTable {
  TableName name;
  std::string since;  // the place of its first event
  uint64_t events = 0;
  uint64_t bytes = 0;
};

// What a batch does to what is set aside; saved in one step with the checkpoint.
struct AsideChanges {
  std::vector<AsideEvent> added;
  // The last id of a whole transaction. What lies behind it is of one that is open and will be read again
  // after a restart.
  uint64_t whole = 0;
  // Ids that the batch brings out, or that nobody wants any more: the whole batch is of such changes then.
  std::vector<uint64_t> released;
  // What is known of the tables set aside, as of their first event that is.
  std::vector<CatalogueChange> tables;

  bool empty() const { return added.empty() && released.empty() && tables.empty(); }
  void clear() {
    added.clear();
    released.clear();
    tables.clear();
  }
};

// Where they lie between runs. Any thread.
class AsideStore {
 public:
  virtual ~AsideStore() = default;
  // Forgets the events behind whole(), and puts what is known of the tables into `told`, which then has no
  // changes to be saved.
  virtual Result<void> load_aside(Catalogue& told) = 0;
  virtual Result<uint64_t> whole() = 0;
  virtual Result<std::vector<AsideTable>> tables() = 0;
  // The first event behind this id, or the first schema change; one of id 0: there is none.
  virtual Result<AsideEvent> next(uint64_t id, bool ddl_only) = 0;
};

}  // namespace sluice
