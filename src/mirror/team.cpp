#include "mirror/team.h"

#include <functional>

namespace sluice::mirror {
namespace {

constexpr size_t kFewRows = 16;  // below that, more transactions cost more than they save

}  // namespace

Team::Team(std::vector<std::unique_ptr<Target>> targets) {
  for (auto& target : targets)
    helpers_.push_back(std::make_unique<Helper>(std::move(target), helpers_.size()));
}

Result<void> Team::connect() {
  for (auto& helper : helpers_) SLUICE_TRY(helper->target().connect());
  return {};
}

void Team::close() {
  for (auto& helper : helpers_) helper->target().close();
}

void Team::interrupt() noexcept {
  for (auto& helper : helpers_) helper->interrupt();
}

void Team::begin(Target& first, std::span<TableAt* const> tables) {
  size_t count = 0;
  for (const TableAt* table : tables) count += table->apart ? table->pending.size() : 0;
  if (count < kFewRows) return;
  divide(first, tables);
  for (size_t i = 0; i < helpers_.size(); ++i) {
    if (rows_[i] > 0) helpers_[i]->begin(tables_);
  }
}

void Team::divide(Target& first, std::span<TableAt* const> tables) {
  rows_.assign(helpers_.size(), 0);
  tables_.clear();
  for (TableAt* table : tables) {
    if (!table->apart) continue;
    tables_.push_back(table);
    first.prepare(*table);
    table->parts.resize(helpers_.size());
    for (auto& part : table->parts) part.clear();
    // Only within this delivery has a key to find its helper again.
    for (const RowOp& row : table->pending)
      table->parts[std::hash<std::string_view>()(row.key) % helpers_.size()].push_back(row);
    table->pending.clear();
    for (size_t i = 0; i < helpers_.size(); ++i) rows_[i] += table->parts[i].size();
  }
}

Result<void> Team::end() {
  Result<void> done;
  refused_ = false;
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i] == 0) continue;
    auto theirs = helpers_[i]->end();
    bool refused = !theirs && helpers_[i]->target().refused();
    // What a refusal leaves to do is for when nothing else is wrong.
    if (theirs || (!done && (!refused_ || refused))) continue;
    done = std::move(theirs);
    refused_ = refused;
  }
  rows_.clear();
  return done;
}

void Team::abandon() {
  (void)end();
  refused_ = false;
}

}  // namespace sluice::mirror
