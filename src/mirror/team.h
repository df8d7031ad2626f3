// Team: the further connections of a mirror, among which rows are divided by their keys. Each commits its
// part by itself and holds no locks while others are waited for. As a part may be done twice without harm,
// the first connection's checkpoint, which is committed last, tells of all. The lane's thread calls
// everything but interrupt().
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "mirror/helper.h"

namespace sluice::mirror {

class Team {
 public:
  explicit Team(std::vector<std::unique_ptr<Target>> targets);

  Result<void> connect();
  void close();
  void interrupt() noexcept;

  // Takes over the pending rows of those tables that are `apart`, unless there are too few to be worth it,
  // and has them carried out. `first`: prepares the tables, which stay until the end.
  void begin(Target& first, std::span<TableAt* const> tables);
  // Waits until the parts are committed.
  Result<void> end();
  // Whether end() has failed by a refusal (Target::refused()).
  bool refused() const { return refused_; }
  // Waits, whatever became of them.
  void abandon();

 private:
  void divide(Target& first, std::span<TableAt* const> tables);

  std::vector<std::unique_ptr<Helper>> helpers_;
  std::vector<TableAt*> tables_;  // that are divided
  std::vector<size_t> rows_;      // of each helper's part; none where nothing has begun
  bool refused_ = false;
};

}  // namespace sluice::mirror
