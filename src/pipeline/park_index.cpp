#include "pipeline/park_index.h"

#include <algorithm>

#include "pipeline/template.h"

namespace sluice {
namespace {

// FNV-1a: the state keeps the hashes, so they must not change with a compiler.
uint64_t hash(uint64_t seed, std::string_view text) {
  for (char c : text) seed = (seed ^ static_cast<uint8_t>(c)) * 1099511628211u;
  // The size, so that ("a", "bc") is not ("ab", "c").
  return (seed ^ text.size() ^ 0x100) * 1099511628211u;
}

uint64_t table_hash(std::string_view database, std::string_view name) {
  return hash(hash(14695981039346656037u, database), name);
}

void include(std::vector<uint64_t>& hashes, uint64_t fresh) {
  if (std::find(hashes.begin(), hashes.end(), fresh) == hashes.end()) hashes.push_back(fresh);
}

void release(std::unordered_map<uint64_t, uint32_t>& counts, uint64_t hash) {
  auto found = counts.find(hash);
  if (found != counts.end() && --found->second == 0) counts.erase(found);
}

}  // namespace

ParkSubject ParkSubject::of(const Batch& batch, const Change& change, bool grouped) {
  ParkSubject subject;
  const Event& event = batch.events[change.event];
  if (change.table) include(subject.tables, table_hash(change.table->database, change.table->name));
  if (change.op == Op::Ddl) {
    if (event.ddl_before) {
      include(subject.tables, table_hash(event.ddl_before->database, event.ddl_before->name));
    }
    if (!change.table && !event.ddl_table.empty()) {
      include(subject.tables, table_hash(event.database, event.ddl_table));
    }
  }
  if (subject.tables.empty()) return subject;
  subject.scope = Scope::Tables;
  if (change.op == Op::Ddl || grouped || change.table->key.empty()) return subject;
  subject.scope = Scope::Rows;
  for (const Row& row : {change.before, change.after}) {
    if (!row) continue;
    uint64_t all = subject.tables[0];
    Bytes value;
    for (uint32_t column : change.table->key) {
      value.clear();
      append_value(value, change, row, column);
      all = hash(all, value.view());
    }
    include(subject.rows, all);
  }
  return subject;
}

std::vector<uint64_t> ParkSubject::pack() const {
  std::vector<uint64_t> packed = {static_cast<uint64_t>(scope), tables.size()};
  packed.insert(packed.end(), tables.begin(), tables.end());
  packed.insert(packed.end(), rows.begin(), rows.end());
  return packed;
}

ParkSubject ParkSubject::unpack(const std::vector<uint64_t>& packed) {
  ParkSubject subject;
  if (packed.size() < 2 || packed[0] > static_cast<uint64_t>(Scope::All) || packed[1] > packed.size() - 2) {
    return subject;
  }
  subject.scope = static_cast<Scope>(packed[0]);
  auto rows = packed.begin() + 2 + static_cast<std::ptrdiff_t>(packed[1]);
  subject.tables.assign(packed.begin() + 2, rows);
  subject.rows.assign(rows, packed.end());
  return subject;
}

void ParkIndex::add(const ParkSubject& subject) {
  ++count_;
  if (subject.scope == ParkSubject::Scope::All) ++all_;
  for (uint64_t table : subject.tables) {
    ++within_[table];
    if (subject.scope == ParkSubject::Scope::Tables) ++tables_[table];
  }
  for (uint64_t row : subject.rows) ++rows_[row];
}

void ParkIndex::remove(const ParkSubject& subject) {
  --count_;
  if (subject.scope == ParkSubject::Scope::All) --all_;
  for (uint64_t table : subject.tables) {
    release(within_, table);
    if (subject.scope == ParkSubject::Scope::Tables) release(tables_, table);
  }
  for (uint64_t row : subject.rows) release(rows_, row);
}

void ParkIndex::clear() { *this = {}; }

bool ParkIndex::blocks(const ParkSubject& subject) const {
  if (count_ == 0) return false;
  if (all_ > 0 || subject.scope == ParkSubject::Scope::All) return true;
  auto in = [](const Counts& counts) { return [&](uint64_t hash) { return counts.contains(hash); }; };
  if (subject.scope == ParkSubject::Scope::Tables) {
    return std::any_of(subject.tables.begin(), subject.tables.end(), in(within_));
  }
  return std::any_of(subject.tables.begin(), subject.tables.end(), in(tables_)) ||
         std::any_of(subject.rows.begin(), subject.rows.end(), in(rows_));
}

}  // namespace sluice
