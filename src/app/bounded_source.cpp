#include "app/bounded_source.h"

#include <utility>

#include "base/clock.h"
#include "pipeline/progress.h"

namespace sluice::app {

Result<void> BoundedSource::open(const Position& from) {
  auto opened = inner_->open(from);
  if (opened && !std::exchange(opened_, true)) opened = options_.opened();
  if (!opened && !opened_ && !options_.patient && opened.error().fault == Fault::Retryable) {
    opened.error().fault = Fault::Fatal;
  }
  if (!opened) soften(opened.error());
  return opened;
}

void BoundedSource::soften(Error& error) const {
  if (reads_ && options_.patient && error.fault == Fault::Usage) error.fault = Fault::Retryable;
}

Result<Source::More> BoundedSource::read(Batch& batch) {
  auto more = inner_->read(batch);
  if (!more) soften(more.error());
  reads_ |= more && batch.log_bytes > 0;
  // What was set aside stands before every end that is still to come.
  if (!more || !options_.until || !batch.aside.released.empty()) return more;
  return cut(batch) ? More::End : *more;
}

bool BoundedSource::reached(const Position& position) const {
  switch (options_.until->kind) {
    case StartPoint::Kind::File: {
      if (position.file.empty()) return false;
      auto order = compare_log_files(position.file, options_.until->file);
      return order > 0 || (order == 0 && position.offset >= options_.until->offset);
    }
    case StartPoint::Kind::Gtids: return position.gtids.contains(options_.until->gtids);
    // An idle log has nothing more for a time that has passed. A second's grace for its own clock.
    case StartPoint::Kind::Time:
      return position.timestamp >= options_.until->time ||
             (options_.idle() && unix_us() / 1'000'000 > options_.until->time + 1);
    case StartPoint::Kind::Now:
    case StartPoint::Kind::Earliest: break;
  }
  return false;
}

bool BoundedSource::beyond(const Batch& batch, const Change& change) const {
  const Event& event = batch.events[change.event];
  if (options_.until->kind == StartPoint::Kind::Time) return event.timestamp >= options_.until->time;
  if (options_.until->kind == StartPoint::Kind::File) {
    auto order = compare_log_files(event.file, options_.until->file);
    return order > 0 || (order == 0 && event.offset >= options_.until->offset);
  }
  return false;
}

bool BoundedSource::cut(Batch& batch) {
  std::vector<Change>& changes = batch.changes;
  for (size_t i = 0; i < changes.size(); ++i) {
    // Never in the middle of a transaction: what has begun is delivered whole.
    if (!inside_ && beyond(batch, changes[i])) {
      changes.resize(i);
      return true;
    }
    inside_ = !changes[i].last;
    if (options_.until->kind == StartPoint::Kind::Gtids && changes[i].last) {
      if (auto own = GtidSet::parse(batch.transactions[changes[i].transaction].gtid)) seen_.unite(*own);
      if (seen_.contains(options_.until->gtids)) {
        changes.resize(i + 1);
        return true;
      }
    }
  }
  if (options_.until->kind == StartPoint::Kind::Gtids) seen_.unite(batch.resume.gtids);
  bool quiet = changes.empty() || options_.until->kind != StartPoint::Kind::Time;
  return quiet && !inside_ && reached(batch.resume);
}

}  // namespace sluice::app
