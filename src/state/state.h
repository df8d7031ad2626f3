// State: what one pipeline remembers from one run to the next: where the source goes on, the catalogue as of
// that place, and how far each lane has delivered. One process at a time.
//
// The source's place and the catalogue are saved in one step and always belong together. They move when the
// last of the lanes has delivered a batch; a lane that was ahead passes over what it has delivered already.
// Of the catalogue every version is kept with its place, up to a bound, so that it can be had as of an older
// one.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/aside.h"
#include "model/catalogue.h"
#include "model/position.h"
#include "state/park.h"

namespace sluice {

struct LaneCheckpoint {
  Position position;  // everything up to here is safe at the lane's target
  std::string note;   // the sink's own, as of the same place
};

// What changes in one step. Everything it points at belongs to the caller.
struct Checkpoint {
  std::string_view lane;
  const Position* position = nullptr;  // of the lane; null: position and note stay as they are
  std::string_view note;
  const Position* resume = nullptr;  // of the source; null: it and the catalogue stay as they are
  std::span<const CatalogueChange> catalogue;
  const AsideChanges* aside = nullptr;  // saved with `resume`; null: none
  const ParkChanges* park = nullptr;    // null: none
  bool hard = false;                    // on disk when save() returns, whatever happens to the machine
};

class State {
 public:
  virtual ~State() = default;

  // Where the source goes on; nothing: never saved.
  virtual Result<std::optional<Position>> resume() = 0;
  virtual Result<std::optional<LaneCheckpoint>> lane(std::string_view name) = 0;
  virtual Result<std::vector<std::string>> lanes() = 0;
  virtual Result<void> forget(std::string_view lane) = 0;
  // Puts every table as of resume() into `catalogue`, which then has no changes to be saved. Forgets what was
  // saved of places behind that: it will be read again.
  virtual Result<void> load(Catalogue& catalogue) = 0;
  // All or nothing. Any thread.
  virtual Result<void> save(const Checkpoint& checkpoint) = 0;

  // Events set aside. Null: this kind of state keeps none. Lives as long as the state.
  virtual AsideStore* aside() { return nullptr; }
  // Messages that were parked. Null: this kind of state keeps none. Lives as long as the state.
  virtual ParkStore* park() { return nullptr; }

  // Small facts: the server's UUID, the pipeline's name. Nothing: never set.
  virtual Result<std::optional<std::string>> value(std::string_view key) = 0;
  virtual Result<void> set_value(std::string_view key, std::string_view value) = 0;
};

}  // namespace sluice
