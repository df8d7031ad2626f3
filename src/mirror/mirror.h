// Mirror: the sink that keeps tables of a database equal to the source's, whatever database that is. A
// delivery is one transaction at the target, with the checkpoint in it; of several connections each has one,
// and that with the checkpoint comes last.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "mirror/checkpoint.h"
#include "mirror/target.h"
#include "mirror/team.h"
#include "sink/sink.h"

namespace sluice::mirror {

struct MirrorOptions {
  std::string checkpoint;  // whose it is: pipeline and sink
  bool create = true;      // tables that are not there
};

class Mirror final : public Sink {
 public:
  // `others`: of the same database, for more connections.
  Mirror(std::unique_ptr<Target> target, MirrorOptions options,
         std::vector<std::unique_ptr<Target>> others = {});

  Result<void> open(std::string_view) override { return connect(); }
  Result<void> reopen() override { return connect(); }
  Result<void> write(const Delivery& delivery) override;
  std::span<const Refusal> refused() const override { return refused_; }
  std::optional<Position> position() const override { return checkpoint_.position(); }
  void close() override {
    forget();  // with what is prepared for the connection
    target_->close();
    if (team_) team_->close();
  }
  void interrupt() noexcept override {
    target_->interrupt();
    if (team_) team_->interrupt();
  }

 private:
  Result<void> connect();
  // `careful`: a row at a time, and what is refused is left out.
  Result<void> deliver(const Delivery& delivery, bool careful);
  Result<void> take(const Delivery& delivery, size_t message, bool careful);
  Result<void> flush(bool careful);
  // Before a schema change at a target that commits by itself: what came before `message` is made safe.
  Result<void> settle(const Delivery& delivery, size_t message, bool careful);
  Result<void> commit(const Delivery& delivery, size_t done, bool ends);

  Result<TableAt*> table_of(const Delivery& delivery, size_t message, bool careful);
  Result<std::optional<TableThere>> describe(const std::string& place);
  Result<std::string> ready(const Delivery& delivery, size_t message, TableAt& table, bool careful);
  static void learn(TableAt& table, const TableThere& there);
  std::string misfit(const TableAt& table, const TableThere& there) const;
  Result<void> begin_again();
  Result<void> shape(const Delivery& delivery, size_t message, const Record& record, bool careful);
  Result<void> carry_out(const Delivery& delivery, size_t message, const Record& record, bool careful);
  Result<void> alter(const Delivery& delivery, size_t message, const std::vector<Step>& steps, bool careful);
  Result<void> rename(const std::string& from, const std::string& to);
  std::string_view place(const Delivery& delivery, size_t message) const;
  std::string_view heading(const Delivery& delivery, size_t message);
  void forget();
  // Rolls back what is not committed.
  void abandon();

  const std::unique_ptr<Target> target_;
  const MirrorOptions options_;
  std::optional<Team> team_;  // where there are several connections
  Checkpoint checkpoint_;
  uint64_t failed_ = 0;  // batch's sequence, of the last delivery where that failed; else 0

  std::unordered_map<std::string, std::unique_ptr<TableAt>> tables_;  // by place, zero byte, heading
  std::vector<TableAt*> touched_;                                     // with pending rows
  // Of the delivery in hand.
  std::vector<Refusal> refused_;
  std::vector<TableAt*> current_;           // by destination
  std::vector<std::string_view> headings_;  // the same
  size_t next_heading_ = 0;
  size_t committed_ = 0;  // messages
  bool spreads_ = false;  // among the team
  std::string renamed_from_;
};

}  // namespace sluice::mirror
