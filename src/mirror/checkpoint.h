// Checkpoint: how far a mirror's target has come, as a row at the target says that is written by the
// transaction whose work it tells of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mirror/target.h"
#include "sink/sink.h"

namespace sluice::mirror {

// How far within the transactions behind the checkpoint's position: the change that was carried out last.
struct Mark {
  std::string server, file;
  uint64_t offset = 0;
  uint32_t index = 0;
};

std::string to_text(const Mark& mark);
Result<Mark> parse_mark(std::string_view text);

class Checkpoint {
 public:
  // What the target has of it, behind each connecting.
  Result<void> read(const std::optional<Stored>& stored);
  const std::optional<Position>& position() const { return position_; }
  // Whether that batch's delivery was being committed when the connection broke, and read() found it done.
  // To be asked once.
  bool landed(uint64_t sequence);
  // How many messages at the front were carried out before a restart, or before a failure in the middle.
  size_t replayed(const Delivery& delivery) const;

  // What the commit behind the first `done` messages makes of it. `ends`: they are all there are.
  const Stored& advance(const Delivery& delivery, size_t done, bool ends);
  void committed();

 private:
  bool behind_position(const Delivery& delivery, size_t message) const;
  bool carried_out(const Delivery& delivery, size_t message) const;

  std::optional<Position> position_;  // as the target has them
  std::optional<Mark> mark_;
  uint64_t serial_ = 0;
  // Being committed. Where the answer to that is lost, read() tells what became of it.
  Stored saved_;
  std::optional<Position> position_saved_;
  std::optional<Mark> mark_saved_;
  uint64_t committing_ = 0;  // batch's sequence, where its whole delivery is; 0: none
  uint64_t landed_ = 0;
};

}  // namespace sluice::mirror
