// Mirror: the sink that keeps tables of a database equal to the source's, whatever database that is. Each
// delivery is one transaction at the target, with the checkpoint in it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "mirror/target.h"
#include "sink/sink.h"

namespace sluice::mirror {

struct MirrorOptions {
  std::string checkpoint;  // whose it is: pipeline and sink
  bool create = true;      // tables that are not there
};

// How far within the transactions behind the checkpoint's position: the change that was carried out last.
struct Mark {
  std::string server, file;
  uint64_t offset = 0;
  uint32_t index = 0;
};

std::string to_text(const Mark& mark);
Result<Mark> parse_mark(std::string_view text);

class Mirror final : public Sink {
 public:
  Mirror(std::unique_ptr<Target> target, MirrorOptions options);

  Result<void> open(std::string_view) override { return connect(); }
  Result<void> reopen() override { return connect(); }
  Result<void> write(const Delivery& delivery) override;
  std::span<const Refusal> refused() const override { return refused_; }
  std::optional<Position> position() const override { return position_; }
  void close() override {
    forget();  // with what is prepared for the connection
    target_->close();
  }
  void interrupt() noexcept override { target_->interrupt(); }

 private:
  Result<void> connect();
  // `careful`: a row at a time, and what is refused is left out.
  Result<void> deliver(const Delivery& delivery, bool careful);
  Result<void> take(const Delivery& delivery, size_t message, bool careful);
  Result<void> flush(bool careful);
  // Before a schema change at a target that commits by itself: what came before `message` is made safe.
  Result<void> settle(const Delivery& delivery, size_t message, bool careful);
  Result<void> save(const Delivery& delivery, size_t done, bool ends);
  Result<void> commit(const Delivery& delivery);

  Result<TableAt*> table_of(const Delivery& delivery, size_t message, bool careful);
  Result<std::string> ready(const Delivery& delivery, size_t message, TableAt& table, bool careful);
  std::string misfit(const TableAt& table, const TableThere& there) const;
  Result<void> shape(const Delivery& delivery, size_t message, const Record& record, bool careful);
  Result<void> carry_out(const Delivery& delivery, size_t message, const Record& record, bool careful);
  Result<void> alter(const Delivery& delivery, size_t message, const std::vector<Step>& steps, bool careful);
  Result<void> rename(const std::string& from, const std::string& to);
  std::string_view place(const Delivery& delivery, size_t message) const;
  std::string_view heading(const Delivery& delivery, size_t message);
  void forget();

  bool behind_position(const Delivery& delivery, size_t message) const;
  size_t replayed(const Delivery& delivery) const;
  static Mark mark_of(const Delivery& delivery, size_t message);

  const std::unique_ptr<Target> target_;
  const MirrorOptions options_;
  std::optional<Position> position_;  // as the target has them
  std::optional<Mark> mark_;
  uint64_t serial_ = 0;
  // Being committed. Where the answer to that is lost, the checkpoint tells what became of it.
  Stored saved_;
  std::optional<Position> position_saved_;
  std::optional<Mark> mark_saved_;
  uint64_t committing_ = 0;  // batch's sequence, where its whole delivery is; 0: none
  uint64_t landed_ = 0;

  std::unordered_map<std::string, std::unique_ptr<TableAt>> tables_;  // by place, zero byte, heading
  std::vector<TableAt*> touched_;                                     // with pending rows
  // Of the delivery in hand.
  std::vector<Refusal> refused_;
  std::vector<TableAt*> current_;           // by destination
  std::vector<std::string_view> headings_;  // the same
  size_t next_heading_ = 0;
  size_t committed_ = 0;  // messages
  std::string renamed_from_;
};

}  // namespace sluice::mirror
