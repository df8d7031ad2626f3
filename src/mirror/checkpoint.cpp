#include "mirror/checkpoint.h"

#include <charconv>

namespace sluice::mirror {
namespace {

Mark mark_of(const Delivery& delivery, size_t message) {
  const Change& change = delivery.batch.changes[delivery.messages[message].change];
  const Event& event = delivery.batch.events[change.event];
  return {delivery.batch.resume.server_uuid, std::string(event.file), event.offset, change.index};
}

}  // namespace

std::string to_text(const Mark& mark) {
  return fmt::format("{} {} {} {}", mark.offset, mark.index, mark.file, mark.server);
}

Result<Mark> parse_mark(std::string_view text) {
  Mark mark;
  auto number = [&text](auto& value) {
    auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    bool good = code == std::errc() && end != text.data() + text.size() && *end == ' ';
    if (good) text.remove_prefix(static_cast<size_t>(end - text.data()) + 1);
    return good;
  };
  size_t space = std::string_view::npos;
  if (number(mark.offset) && number(mark.index)) space = text.rfind(' ');
  if (space == std::string_view::npos) return fatal("'{}' is no mark of a checkpoint", text);
  mark.file = text.substr(0, space);
  mark.server = text.substr(space + 1);
  return mark;
}

Result<void> Checkpoint::read(const std::optional<Stored>& stored) {
  landed_ = stored && committing_ != 0 && stored->serial == saved_.serial ? committing_ : 0;
  committing_ = 0;
  position_.reset();
  mark_.reset();
  if (!stored) return {};
  serial_ = stored->serial;
  if (!stored->position.empty()) {
    SLUICE_ASSIGN(position, parse_position(stored->position));
    position_ = std::move(position);
  }
  if (!stored->mark.empty()) {
    SLUICE_ASSIGN(mark, parse_mark(stored->mark));
    mark_ = std::move(mark);
  }
  return {};
}

bool Checkpoint::landed(uint64_t sequence) {
  uint64_t landed = std::exchange(landed_, 0);
  return landed != 0 && landed == sequence;
}

const Stored& Checkpoint::advance(const Delivery& delivery, size_t done, bool ends) {
  position_saved_ = position_;
  mark_saved_ = mark_;
  const Position* position = ends ? delivery.position : nullptr;
  bool moves = position && !(position_ && covers(*position_, *position));
  if (moves) position_saved_ = *position;
  // Where the log comes in other batches than before a death, the mark may lie behind this one.
  bool told = done > 0 && carried_out(delivery, done - 1);
  // What was set aside or parked comes from before the checkpoint, and leaves it where it is.
  if (done > 0 && !told && behind_position(delivery, done - 1)) {
    bool inside = !position || delivery.whole < done;
    mark_saved_ = inside ? std::optional(mark_of(delivery, done - 1)) : std::nullopt;
  } else if (moves && !told) {
    mark_saved_.reset();
  }
  saved_ = {position_saved_ ? sluice::to_text(*position_saved_) : "",
            mark_saved_ ? to_text(*mark_saved_) : "", serial_ + 1};
  committing_ = ends ? delivery.batch.sequence : 0;
  return saved_;
}

void Checkpoint::committed() {
  position_ = position_saved_;
  mark_ = mark_saved_;
  serial_ = saved_.serial;
  committing_ = 0;
}

bool Checkpoint::behind_position(const Delivery& delivery, size_t message) const {
  if (!position_ || position_->file.empty() || position_->server_uuid != delivery.batch.resume.server_uuid)
    return true;
  Mark at = mark_of(delivery, message);
  auto order = compare_log_files(at.file, position_->file);
  return order > 0 || (order == 0 && at.offset >= position_->offset);
}

bool Checkpoint::carried_out(const Delivery& delivery, size_t message) const {
  if (!mark_ || mark_->server != delivery.batch.resume.server_uuid) return false;
  if (!behind_position(delivery, message)) return false;
  Mark at = mark_of(delivery, message);
  auto order = compare_log_files(at.file, mark_->file);
  return order < 0 || (order == 0 && (at.offset < mark_->offset ||
                                      (at.offset == mark_->offset && at.index <= mark_->index)));
}

size_t Checkpoint::replayed(const Delivery& delivery) const {
  size_t n = 0;
  while (n < delivery.messages.size() && carried_out(delivery, n)) ++n;
  return n;
}

}  // namespace sluice::mirror
