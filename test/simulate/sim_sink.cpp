#include "simulate/sim_sink.h"

#include <charconv>
#include <chrono>
#include <map>
#include <thread>

namespace sluice::simulate {
namespace {

std::string_view text(const Delivery& delivery, const Message& message) {
  return delivery.bytes.substr(message.begin, message.end - message.begin);
}

}  // namespace

std::string Target::follow(const World& world, size_t& expected) const {
  auto repeat = repeats.begin();
  for (size_t at = 0; at < lines.size(); ++at) {
    size_t floor = SIZE_MAX;
    for (; repeat != repeats.end() && repeat->at <= at; ++repeat) floor = std::min(floor, repeat->floor);
    size_t index = world.index(lines[at]);
    if (index == SIZE_MAX) return fmt::format("line {} `{}` should not be there", at, lines[at]);
    if (index == expected) {
      ++expected;
    } else if (index < expected && index >= floor) {
      expected = index + 1;
    } else {
      return fmt::format("line {} is number {} of the world where {} was due (repeats allowed from {})", at,
                         index, expected, floor);
    }
  }
  return {};
}

std::string Target::check_part(const World& world) const {
  size_t expected = lines.empty() ? 0 : world.index(lines[0]);
  return follow(world, expected);
}

std::string Target::check(const World& world) const {
  size_t expected = 0;
  if (std::string wrong = follow(world, expected); !wrong.empty() || expected == world.lines().size())
    return wrong;
  return fmt::format("{} lines of {} arrived", expected, world.lines().size());
}

Result<void> SimSink::open(std::string_view saved) {
  if (!power_.step()) return dead();
  if (random_.once_in(10)) return retryable("the target is not there yet");
  if (target_.promise == Promise::Exact) {
    std::from_chars(saved.data(), saved.data() + saved.size(), noted_);
    target_.lines.resize(noted_);
  } else {
    target_.repeats.push_back({target_.lines.size(), target_.floor()});
  }
  target_.next = target_.checkpoint = target_.checkpoint_before = target_.floor();
  target_.in_hand = false;
  return {};
}

Result<void> SimSink::reopen() {
  if (!power_.step()) return dead();
  if (random_.once_in(5)) return retryable("the target is still not there");
  // The delivery in hand comes again from its first line.
  target_.repeats.push_back({target_.lines.size(), target_.next});
  return {};
}

Result<void> SimSink::write(const Delivery& delivery) {
  if (!power_.step()) return dead();
  target_.in_hand = true;
  // After a restart the lane may pass over a part: the lines themselves say where the target is.
  if (!delivery.messages.empty()) target_.next = world_.index(text(delivery, delivery.messages[0]));
  std::vector<std::string>& lines = target_.lines;
  size_t before = lines.size();
  if (random_.once_in(8)) std::this_thread::sleep_for(std::chrono::microseconds(random_.below(60)));
  if (random_.once_in(60)) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  if (random_.once_in(12)) return retryable("the target does not answer");

  bool breaks = random_.once_in(12);
  size_t most = breaks && !delivery.messages.empty() ? random_.below(delivery.messages.size()) : SIZE_MAX;
  for (const Message& message : delivery.messages) {
    if (lines.size() - before == most) break;
    if (random_.once_in(10) && !power_.step()) return dead();
    lines.emplace_back(text(delivery, message));
  }
  if (breaks) {
    if (target_.promise == Promise::Exact) lines.resize(before);
    return retryable("the target broke off");
  }
  target_.next += delivery.messages.size();
  target_.checkpoint_before = target_.checkpoint;
  if (delivery.whole != Delivery::kInside) {
    size_t tail = delivery.messages.size() - delivery.whole;
    target_.checkpoint = target_.next - tail;
    noted_ = lines.size() - tail;
  }
  target_.in_hand = false;
  if (!power_.step()) return dead();
  return {};
}

std::string SimSink::note() const {
  return target_.promise == Promise::Exact ? std::to_string(noted_) : std::string();
}

std::string ParticularTarget::check(const World& world) const {
  std::map<size_t, size_t> last;  // where each line of the world came for the last time
  for (size_t at = 0; at < lines.size(); ++at) {
    size_t index = world.index(lines[at]);
    if (index == SIZE_MAX) return fmt::format("line {} `{}` should not be there", at, lines[at]);
    last[index] = at;
  }
  if (last.size() != world.lines().size()) {
    return fmt::format("{} lines of {} arrived", last.size(), world.lines().size());
  }
  std::map<uint32_t, std::pair<size_t, size_t>> rows;  // the line of the world seen last, and its place
  for (const LogTransaction& tx : world.log()) {
    for (uint32_t change = 0; change < tx.changes && tx.catalogue.empty(); ++change) {
      size_t index = world.index(fmt::format("{}#{}", tx.gtid, change));
      if (index == SIZE_MAX) continue;
      uint32_t row = row_of(tx.gtid, change);
      auto before = rows.find(row);
      if (before != rows.end() && before->second.second > last[index]) {
        return fmt::format("row {}: the last word on line {} came before that on line {}", row, index,
                           before->second.first);
      }
      rows[row] = {index, last[index]};
    }
  }
  return {};
}

Result<void> ParticularSink::write(const Delivery& delivery) {
  refused_.clear();
  size_t breaks = random_.once_in(8) ? random_.below(delivery.messages.size() + 1) : SIZE_MAX;
  for (size_t i = 0; i < delivery.messages.size(); ++i) {
    if (random_.once_in(30) && !power_.step()) return dead();
    if (i == breaks) return retryable("the target broke off");
    std::string line(delivery.value(i));
    if (!target_.mended && is_refused(line)) {
      refused_.push_back({i, "too particular"});
    } else {
      target_.lines.push_back(std::move(line));
    }
  }
  return power_.step() ? Result<void>() : dead();
}

Result<void> CutSink::write(const Delivery& delivery) {
  if (!power_.step()) return dead();
  if (random_.once_in(15)) return retryable("the target does not answer");
  // Some writes are in two halves, so that death may find one of them alone: lines cut anywhere.
  if (!delivery.bytes.empty() && random_.once_in(3) && !power_.step()) {
    Delivery part = delivery;
    part.whole = Delivery::kInside;
    if (delivery.outbox) {  // what goes to several places is cut between two messages
      part.messages = delivery.messages.first(random_.below(delivery.messages.size()));
      part.bytes = delivery.lines(0, part.messages.size());
    } else {
      part.messages = {};
      part.bytes = delivery.bytes.substr(0, random_.below(delivery.bytes.size()));
    }
    if (auto written = inner_->write(part); !written) return written;
    return dead();
  }
  SLUICE_TRY(inner_->write(delivery));
  if (!power_.step()) return dead();
  return {};
}

}  // namespace sluice::simulate
