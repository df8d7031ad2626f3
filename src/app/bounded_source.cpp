#include "app/bounded_source.h"

#include <algorithm>

#include "base/clock.h"
#include "pipeline/progress.h"

namespace sluice::app {

BoundedSource::BoundedSource(std::unique_ptr<Source> inner, std::optional<StartPoint> until, bool patient)
    : inner_(std::move(inner)), until_(std::move(until)), patient_(patient) {}

Result<void> BoundedSource::open(const Position& from) {
  auto opened = inner_->open(from);
  if (!opened && !opened_ && !patient_ && opened.error().fault == Fault::Retryable) {
    opened.error().fault = Fault::Fatal;
  }
  opened_ |= opened.has_value();
  return opened;
}

Result<Source::More> BoundedSource::read(Batch& batch) {
  auto more = inner_->read(batch);
  if (!more || !until_) return more;
  return cut(batch) ? More::End : *more;
}

bool BoundedSource::reached(const Position& position) const {
  switch (until_->kind) {
    case StartPoint::Kind::File: {
      if (position.file.empty()) return false;
      auto order = compare_log_files(position.file, until_->file);
      return order > 0 || (order == 0 && position.offset >= until_->offset);
    }
    case StartPoint::Kind::Gtids: return position.gtids.contains(until_->gtids);
    // An idle log has nothing more for a time that has passed. A second's grace for its own clock.
    case StartPoint::Kind::Time: return unix_us() / 1'000'000 > until_->time + 1;
    case StartPoint::Kind::Now:
    case StartPoint::Kind::Earliest: break;
  }
  return false;
}

bool BoundedSource::beyond(const Batch& batch, const Change& change) const {
  const Event& event = batch.events[change.event];
  if (until_->kind == StartPoint::Kind::Time) return event.timestamp >= until_->time;
  if (until_->kind == StartPoint::Kind::File) {
    auto order = compare_log_files(event.file, until_->file);
    return order > 0 || (order == 0 && event.offset >= until_->offset);
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
    if (until_->kind == StartPoint::Kind::Gtids && changes[i].last) {
      if (auto own = GtidSet::parse(batch.transactions[changes[i].transaction].gtid)) seen_.unite(*own);
      if (seen_.contains(until_->gtids)) {
        changes.resize(i + 1);
        return true;
      }
    }
  }
  if (until_->kind == StartPoint::Kind::Gtids) seen_.unite(batch.resume.gtids);
  bool quiet = changes.empty() || until_->kind != StartPoint::Kind::Time;
  return quiet && !inside_ && reached(batch.resume);
}

}  // namespace sluice::app
