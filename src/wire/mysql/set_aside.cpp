#include "wire/mysql/set_aside.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "crypto/seal.h"
#include "wire/mysql/aside_record.h"

namespace sluice::mysql {

TableName SetAside::key(const TableName& name) const {
  TableName key = name;
  if (!fold_) return key;
  for (std::string* text : {&key.database, &key.table}) {
    for (char& c : *text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return key;
}

void SetAside::count(Counts& counts, const AsideEvent& event, uint64_t bytes) const {
  Count& count = counts[key(event.table)];
  if (count.table.events == 0) count.table = {event.table, event.place, 0, 0};
  count.ddl |= event.ddl;
  ++count.table.events;
  count.table.bytes += bytes;
}

void SetAside::hold(const std::vector<TableName>& named) {
  for (const TableName& name : named) {
    names_.insert(key(name));
    counts_[key(name)].ddl = true;
  }
}

Result<void> SetAside::load(bool fold) {
  if (!store_) return {};
  fold_ = fold;
  told_.fold_case(fold);
  SLUICE_TRY(store_->load_aside(told_));
  SLUICE_ASSIGN(whole, store_->whole());
  whole_ = whole;
  SLUICE_ASSIGN(tables, store_->tables());
  for (AsideTable& table : tables) {
    bytes_ += table.bytes;
    names_.insert(key(table.name));
    AsideTable& known = counts_[key(table.name)].table;
    table.events += known.events;
    table.bytes += known.bytes;
    known = std::move(table);
  }
  for (uint64_t at = 0;;) {
    SLUICE_ASSIGN(event, store_->next(at, true));
    if (event.id == 0) break;
    at = event.id;
    SLUICE_ASSIGN(bytes, packed(event));
    SLUICE_ASSIGN(record, unpack_aside(bytes));
    hold(record.tables);
  }
  due_ = !tables.empty();
  return {};
}

Result<void> SetAside::add(AsideEvent event, uint32_t first, uint32_t changes,
                           const std::vector<TableName>& named) {
  const TableName& name = event.table;
  uint64_t size = event.bytes.size() + (seal_.empty() ? 0 : kSealHead);
  if (bytes_ + size > most_bytes_) {
    return fatal(
        "{}.{}: its columns are not known, and no more can be set aside: that would be {} bytes of the {} "
        "that set_aside allows. Nothing behind it was read. Tell the columns (`sluice schema repair --schema "
        "FILE`), raise "
        "set_aside, or leave the table out (tables: \"!{}.{}\")",
        name.database, name.table, bytes_ + size, most_bytes_, name.database, name.table);
  }
  names_.insert(key(name));
  hold(named);
  bytes_ += size;
  pending_bytes_ += size;
  event.id = whole_ + 1 + open_.size();
  open_.push_back({std::move(event), size, first, changes});
  return {};
}

void SetAside::close(uint64_t xid) {
  if (open_.empty()) return;
  if (Open& last = open_.back(); !last.handed) close_aside(last.event.bytes, xid);
  whole_ = open_.back().event.id;
  for (Open& each : open_) {
    count(counts_, each.event, each.bytes);
    if (!each.handed) ready_.push_back(std::move(each.event));
  }
  open_.clear();
}

uint32_t SetAside::take_back(uint32_t from) {
  uint32_t count = 0;
  while (!open_.empty() && open_.back().first >= from) {
    count += open_.back().changes;
    bytes_ -= open_.back().bytes;
    if (!open_.back().handed) pending_bytes_ -= open_.back().bytes;
    // What was handed over of it is forgotten: its id lies behind the last whole one, and is given anew.
    open_.pop_back();
  }
  return count;
}

void SetAside::forget_open() { take_back(0); }

void SetAside::hand_over(AsideChanges& batch, bool open) {
  for (AsideEvent& event : ready_) {
    event.bytes = sealed(seal_, std::move(event.bytes));
    pending_bytes_ -= event.bytes.size();
    batch.added.push_back(std::move(event));
  }
  ready_.clear();
  for (size_t i = 0; i + (open ? 1 : 0) < open_.size(); ++i) {
    Open& each = open_[i];
    if (std::exchange(each.handed, true)) continue;
    pending_bytes_ -= each.bytes;
    each.event.bytes = sealed(seal_, std::move(each.event.bytes));
    batch.added.push_back(each.event);
    each.event.bytes = std::string();
  }
  batch.released = std::exchange(released_, {});
  batch.tables = told_.take_changes();
  batch.whole = whole_;
}

void SetAside::tell(TablePtr table) {
  auto found = counts_.find(key({table->database, table->name}));
  // Columns of now are not those of then where a schema change lies between.
  if (found != counts_.end() && found->second.ddl) return;
  if (told_.find(table->database, table->name)) return;
  told_.put(std::move(table));
  due_ = true;
}

Result<bool> SetAside::begin_pass() {
  CHECK(open_.empty());
  if (!ready_.empty()) return false;
  SLUICE_ASSIGN(saved, store_->whole());
  if (saved != whole_) return false;
  passing_ = true;
  at_ = 0;
  left_.clear();
  return true;
}

Result<AsideEvent> SetAside::next() {
  SLUICE_ASSIGN(event, store_->next(at_, false));
  return event.id > whole_ ? AsideEvent() : std::move(event);
}

Result<std::string> SetAside::packed(const AsideEvent& event) const { return unsealed(seal_, event.bytes); }

void SetAside::release(const AsideEvent& event) {
  at_ = event.id;
  released_.push_back(event.id);
  bytes_ -= event.bytes.size();
}

void SetAside::keep(const AsideEvent& event, const std::vector<TableName>& named) {
  at_ = event.id;
  count(left_, event, event.bytes.size());
  for (const TableName& name : named) left_[key(name)].ddl = true;
}

void SetAside::done() {
  passing_ = due_ = false;
  names_.clear();
  for (auto& [name, count] : left_) {
    names_.insert(name);
    if (count.table.events == 0) count.table.name = name;
  }
  counts_ = std::exchange(left_, {});
  std::vector<TableName> gone;
  told_.for_each([&](const TablePtr& table) {
    if (TableName name{table->database, table->name}; !holds(name)) gone.push_back(std::move(name));
  });
  for (const TableName& name : gone) told_.drop(name.database, name.table);
}

std::vector<AsideTable> SetAside::tables() const {
  std::vector<AsideTable> tables;
  for (const auto& entry : counts_) {
    if (entry.second.table.events > 0) tables.push_back(entry.second.table);
  }
  return tables;
}

}  // namespace sluice::mysql
