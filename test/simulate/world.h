// World: a log made from a seed, and what everybody should see of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "format/encoder.h"
#include "model/batch.h"
#include "transform/transform.h"

namespace sluice::simulate {

struct LogTransaction {
  std::string gtid;  // also the id; the log may be without GTIDs, then it is the id alone
  std::string file;
  uint64_t begin = 0, end = 0;  // offsets in the file
  uint32_t changes = 0;         // 0: touches no table that is wanted
  std::vector<CatalogueChange> catalogue;
};

class World {
 public:
  World(uint64_t seed, size_t transactions);

  const std::vector<LogTransaction>& log() const { return log_; }
  // After so many transactions.
  const Position& position(size_t transactions) const { return positions_[transactions]; }
  // The number of transactions before a position that position() gave.
  size_t find(const Position& position) const;
  // The summary of the catalogue after so many transactions.
  std::map<std::string, std::string> catalogue(size_t transactions) const;

  // Of all changes that are no schema changes.
  const TablePtr& table() const { return table_; }

  // Every line that is to be delivered, in order, and the number of those before a transaction.
  const std::vector<std::string>& lines() const { return lines_; }
  size_t lines_before(size_t transaction) const { return lines_before_[transaction]; }
  // Of the line; SIZE_MAX: it should never have been seen.
  size_t index(std::string_view line) const;

 private:
  Position make_position(size_t transactions) const;

  bool gtids_;
  TablePtr table_;
  std::vector<LogTransaction> log_;
  std::vector<Position> positions_;
  std::map<std::pair<std::string, uint64_t>, size_t> by_place_;
  std::vector<std::string> lines_;
  std::vector<size_t> lines_before_;
  std::map<std::string, size_t, std::less<>> index_;
};

// What two catalogues are compared by.
std::map<std::string, std::string> summary(const Catalogue& catalogue);

// Some changes are taken out by a transform, last ones of transactions among them, and some are not shown by
// the encoder: both decide by the change's name alone.
bool is_dropped(std::string_view id, uint32_t index);
bool is_hidden(std::string_view id, uint32_t index);
// Each change but a schema change is of one of a few rows of one table, and some are refused by a target that
// is particular.
uint32_t row_of(std::string_view id, uint32_t index);
bool is_refused(std::string_view line);

class DropSome : public Transform {
 public:
  Result<void> apply(Batch& batch) override;
};

// `id#index`.
class NameEncoder : public Encoder {
 public:
  void encode(const Batch& batch, std::span<const Change> changes, Outbox& out) override;
  std::unique_ptr<Encoder> clone() const override { return std::make_unique<NameEncoder>(); }
};

}  // namespace sluice::simulate
