#include "simulate/world.h"

#include <algorithm>

#include "base/check.h"
#include "simulate/power.h"

namespace sluice::simulate {
namespace {

constexpr const char* kServer = "6c27ed6d-7ee1-11e3-be39-6c626d957cff";

uint64_t hash(std::string_view id, uint32_t index) {
  uint64_t value = 1469598103934665603u + index;
  for (char c : id) value = (value ^ static_cast<uint8_t>(c)) * 1099511628211u;
  return Random(value).next();
}

CatalogueChange random_schema_change(Random& random) {
  if (random.once_in(5)) return {{"shop", ""}, nullptr, random.once_in(2) ? "latin1" : "utf8mb4"};
  Table table;
  table.database = "shop";
  table.name = fmt::format("t{}", random.below(5));
  TableName name{table.database, table.name};
  if (random.once_in(4)) return {name, nullptr};
  table.columns.resize(1 + random.below(20));
  for (size_t i = 0; i < table.columns.size(); ++i) table.columns[i].name = fmt::format("c{}", i);
  return {name, freeze(std::move(table))};
}

}  // namespace

bool is_dropped(std::string_view id, uint32_t index) { return hash(id, index) % 7 == 0; }
bool is_hidden(std::string_view id, uint32_t index) { return hash(id, index) % 11 == 0; }
uint32_t row_of(std::string_view id, uint32_t index) { return hash(id, index + 1'000'000) % 5; }
bool is_refused(std::string_view line) { return hash(line, 7) % 25 == 0; }

World::World(uint64_t seed, size_t transactions) {
  Table rows;
  rows.database = "shop";
  rows.name = "rows";
  rows.columns.emplace_back().name = "id";
  rows.key = {0};
  table_ = freeze(std::move(rows));
  Random random(seed);
  gtids_ = random.below(3) != 0;
  unsigned file = 999'998;  // the number grows by a digit on the way
  uint64_t offset = 4;
  for (size_t i = 0; i < transactions; ++i) {
    if (i > 0 && random.once_in(30)) {
      ++file;
      offset = 4;
    }
    LogTransaction tx;
    tx.gtid = fmt::format("{}:{}", kServer, i + 1);
    tx.file = fmt::format("bin.{}", file);
    tx.begin = offset;
    tx.changes = random.once_in(6) ? 0 : static_cast<uint32_t>(1 + random.below(4));
    if (random.once_in(12)) tx.changes = static_cast<uint32_t>(20 + random.below(60));
    if (random.once_in(10)) {
      tx.catalogue.push_back(random_schema_change(random));
      tx.changes = static_cast<uint32_t>(random.below(2));
    }
    tx.end = offset += 100 + 10 * tx.changes;
    lines_before_.push_back(lines_.size());
    for (uint32_t change = 0; change < tx.changes; ++change) {
      if (is_dropped(tx.gtid, change) || is_hidden(tx.gtid, change)) continue;
      lines_.push_back(fmt::format("{}#{}", tx.gtid, change));
      index_.emplace(lines_.back(), lines_.size() - 1);
    }
    log_.push_back(std::move(tx));
  }
  lines_before_.push_back(lines_.size());
  for (size_t i = 0; i <= log_.size(); ++i) {
    positions_.push_back(make_position(i));
    by_place_[{positions_[i].file, positions_[i].offset}] = i;
  }
}

Position World::make_position(size_t transactions) const {
  Position position;
  position.file = transactions == 0 ? log_[0].file : log_[transactions - 1].file;
  position.offset = transactions == 0 ? log_[0].begin : log_[transactions - 1].end;
  position.server_uuid = kServer;
  position.flavor = Flavor::MySql;
  if (gtids_ && transactions > 0) {
    position.gtids.add({parse_uuid(kServer).value(), ""}, GtidSet::Interval{1, transactions + 1});
  }
  return position;
}

size_t World::find(const Position& position) const {
  auto found = by_place_.find({position.file, position.offset});
  CHECK(found != by_place_.end() && positions_[found->second] == position);
  return found->second;
}

std::map<std::string, std::string> World::catalogue(size_t transactions) const {
  Catalogue catalogue;
  for (size_t i = 0; i < transactions; ++i) {
    for (const CatalogueChange& change : log_[i].catalogue) {
      if (change.name.table.empty()) {
        catalogue.set_default_charset(change.name.database, change.default_charset);
      } else if (change.table) {
        catalogue.put(change.table);
      } else {
        catalogue.drop(change.name.database, change.name.table);
      }
    }
  }
  return summary(catalogue);
}

size_t World::index(std::string_view line) const {
  auto found = index_.find(line);
  return found == index_.end() ? SIZE_MAX : found->second;
}

std::map<std::string, std::string> summary(const Catalogue& catalogue) {
  std::map<std::string, std::string> all{{"shop", catalogue.default_charset("shop")}};
  catalogue.for_each([&](const TablePtr& table) {
    all[full_name(*table)] = fmt::format("{} columns", table->columns.size());
  });
  return all;
}

Result<void> DropSome::apply(Batch& batch) {
  std::erase_if(batch.changes, [&](const Change& change) {
    return is_dropped(batch.transactions[change.transaction].id, change.index);
  });
  return {};
}

void NameEncoder::encode(const Batch& batch, std::span<const Change> changes, Outbox& outbox) {
  const Change& change = changes.front();
  Bytes& out = outbox.bytes;
  std::string_view id = batch.transactions[change.transaction].id;
  if (is_hidden(id, change.index)) return;
  out.append(id);
  out.push('#');
  out.append(std::to_string(change.index));
}

}  // namespace sluice::simulate
