// BoundedSource: another source up to a place where it is to end. For people who watch, it does not wait for
// a server that cannot be reached at the very start; for a pipeline, it waits for logins and grants that were
// taken away after that.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "source/mysql/start_point.h"
#include "source/source.h"

namespace sluice::app {

class BoundedSource : public Source {
 public:
  struct Options {
    // The first transaction at or behind it is not delivered any more; of a GTID set, the first one behind
    // the moment when all of the set was read. Kind::Now is the inner source's own business.
    std::optional<StartPoint> until;
    bool patient = true;
    // Called after the first open() that succeeds, which its fault then is.
    std::function<Result<void>()> opened = [] { return Result<void>(); };
    // Whether the inner source had nothing more when it was last read.
    std::function<bool()> idle = [] { return false; };
  };
  BoundedSource(std::unique_ptr<Source> inner, Options options)
      : inner_(std::move(inner)), options_(std::move(options)) {}

  Result<void> open(const Position& from) override;
  Result<More> read(Batch& batch) override;
  void confirm(const Position& position) override { inner_->confirm(position); }
  void interrupt() noexcept override { inner_->interrupt(); }

 private:
  // Once the log was read, what the operator took away may be given back.
  void soften(Error& error) const;
  bool reached(const Position& position) const;
  bool beyond(const Batch& batch, const Change& change) const;
  // Drops what lies behind the end. True: the end was reached.
  bool cut(Batch& batch);

  std::unique_ptr<Source> inner_;
  Options options_;
  bool opened_ = false;
  bool reads_ = false;   // something came from the log
  bool inside_ = false;  // the last change handed over was not its transaction's last
  GtidSet seen_;
};

}  // namespace sluice::app
