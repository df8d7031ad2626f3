#include "sink/subscribers/ring.h"

#include <algorithm>
#include <cstring>

#include "sink/subscribers/row_rule.h"

namespace sluice::subscribers {
namespace {

constexpr size_t kSegmentBytes = 256 << 10;
constexpr size_t kMostEntries = 2048;  // of a segment
constexpr size_t kMostRows = 512;      // the same, where rows are kept, for each of which there is room
constexpr size_t kTopicBytes = 64;     // what a topic takes beside its name, about
// Of one run: other readers and the lane wait meanwhile.
constexpr size_t kRunBytes = 256 << 10;
// Of one turn: what a reader's rule is asked, where each row counts for more the longer it took.
constexpr size_t kMostAsked = 1000;
// Beyond so many topics it is not kept in mind which tables they had.
constexpr size_t kMostTables = 10'000;

char* put(char* out, std::string_view text) {
  if (!text.empty()) std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

}  // namespace

Ring::Segment& Ring::room_for(size_t bytes) {
  if (!segments_.empty()) {
    Segment& last = *segments_.back();
    bool room = last.capacity - last.size >= bytes && last.entries.size() < last.entries.capacity();
    if (room && (!last.rows || last.rows->used() < kSegmentBytes)) return last;
    last.cost = last.capacity + last.entries.size() * sizeof(Segment::Entry);
    if (last.rows) last.cost += last.rows->held();
    for (const std::string& topic : last.topics) last.cost += kTopicBytes + topic.size();
    cost_ += last.cost;
  }
  auto fresh = std::make_shared<Segment>();
  fresh->capacity = std::max(bytes, kSegmentBytes);
  fresh->bytes = std::make_unique_for_overwrite<char[]>(fresh->capacity);
  fresh->entries.reserve(rows_ ? kMostRows : kMostEntries);
  if (rows_) fresh->rows = std::make_unique<Rows>(fresh->entries.capacity());
  segments_.push_back(std::move(fresh));
  topics_.clear();
  drop_oldest();
  return *segments_.back();
}

void Ring::drop_oldest() {
  while (segments_.size() > 2 && cost_ + segments_.back()->capacity > most_) {
    cost_ -= segments_.front()->cost;
    before_ = segments_.front()->entries.back().id;
    gone_ = segments_.front()->entries.size();
    segments_.pop_front();
    ++first_;
  }
}

uint32_t Ring::topic_of(Segment& segment, std::string_view topic) {
  auto found = topics_.find(topic);
  if (found != topics_.end()) return found->second;
  auto number = static_cast<uint32_t>(segment.topics.size());
  topics_.emplace(segment.topics.emplace_back(topic), number);
  return number;
}

void Ring::keep_row(Segment& segment, const Post& post, const Batch* batch) {
  Segment::Entry& entry = segment.entries.back();
  if (!segment.rows || !batch || !post.change || post.op == Op::Ddl) return;
  entry.row = segment.rows->keep(*batch, *post.change);
  auto table = tables_.find(post.topic);
  if (table == tables_.end()) {
    if (tables_.size() == kMostTables) return;
    table = tables_.try_emplace(std::string(post.topic)).first;
  }
  if (table->second.get() != post.change->table) table->second = share(*post.change->table);
}

void Ring::add(std::span<const Post> posts, const Batch* batch) {
  std::lock_guard lock(mutex_);
  for (const Post& post : posts) {
    size_t bytes = post.frame.before_size + post.value.size() + post.frame.after.size();
    Segment& segment = room_for(bytes);
    char* out = segment.bytes.get() + segment.size;
    out = put(out, {post.frame.before, post.frame.before_size});
    put(put(out, post.value), post.frame.after);
    segment.size += bytes;
    segment.entries.push_back({segment.size, post.id, topic_of(segment, post.topic), Rows::kNone, post.op});
    keep_row(segment, post, batch);
  }
}

Ring::Reader Ring::end() const {
  std::lock_guard lock(mutex_);
  if (segments_.empty()) return {.segment = first_};
  return {.segment = first_ + segments_.size() - 1, .entry = segments_.back()->entries.size()};
}

Ring::Reader Ring::begin() const {
  std::lock_guard lock(mutex_);
  return {.segment = first_};
}

bool Ring::reaches(Reader& reader) const {
  if (reader.segment >= first_) return true;
  if (reader.segment + 1 < first_ || reader.entry < gone_) return false;
  reader.segment = first_;
  reader.entry = 0;
  reader.verdicts.clear();
  return true;
}

bool Ring::has(Reader& reader) const {
  std::lock_guard lock(mutex_);
  return reaches(reader);
}

std::optional<Ring::Reader> Ring::behind(uint64_t id) const {
  if (id == 0) return std::nullopt;
  std::lock_guard lock(mutex_);
  for (size_t i = segments_.size(); i-- > 0;) {
    const auto& entries = segments_[i]->entries;
    for (size_t entry = entries.size(); entry-- > 0;) {
      if (entries[entry].id == id) return Reader{.segment = first_ + i, .entry = entry + 1};
    }
  }
  if (id == before_) return Reader{.segment = first_};
  return std::nullopt;
}

bool Ring::part_of(Reader& reader, Part& part) const {
  std::lock_guard lock(mutex_);
  if (!reaches(reader)) return false;
  size_t place = reader.segment - first_;
  if (place == segments_.size()) return true;
  part.segment = segments_[place];
  part.number = reader.segment;
  part.entries = part.segment->entries;
  part.newest = place + 1 == segments_.size();
  return true;
}

const std::string& Ring::topic_name(const Segment& segment, uint32_t number) const {
  std::lock_guard lock(mutex_);
  return segment.topics[number];
}

Result<bool> Ring::wants(Reader& reader, const Subscription& wanted, const Part& part, size_t at) const {
  const Segment::Entry& entry = part.entries[at];
  if (!wanted.wants(entry.op)) return false;
  if (entry.topic >= reader.verdicts.size()) reader.verdicts.resize(entry.topic + 1);
  int8_t& verdict = reader.verdicts[entry.topic];
  if (verdict == 0) verdict = wanted.wants(topic_name(*part.segment, entry.topic)) ? 1 : -1;
  if (verdict < 0) return false;
  if (!wanted.rule() || entry.op == Op::Ddl) return true;
  if (entry.row == Rows::kNone)
    return fatal("where: the row of a change is not held, which came from a disk");
  return wanted.rule()->passes(part.number, at, *part.segment->rows, entry.row, reader.asked);
}

Ring::Run Ring::find(Reader& reader, const Subscription& wanted, const Part& part) const {
  size_t &at = reader.entry, first = at, begin = 0;
  bool found = false, enough = false;
  for (; at < part.entries.size(); ++at) {
    if (found && part.entries[at].end - begin > kRunBytes) break;
    if (!wanted.everything()) {
      enough = reader.asked >= kMostAsked;
      if (enough) {
        reader.asked = 0;
        break;
      }
      auto is_wanted = wants(reader, wanted, part, at);
      // What stands before it is sent first.
      if (!is_wanted && !found) return {.misfit = std::move(is_wanted).error()};
      if (found && !(is_wanted && *is_wanted)) break;
      if (!*is_wanted) continue;
    }
    if (!found) {
      found = true;
      first = at;
      begin = at == 0 ? 0 : part.entries[at - 1].end;
    }
  }
  if (!found) return {.more = enough};
  std::string_view bytes(part.segment->bytes.get() + begin, part.entries[at - 1].end - begin);
  return {.holds = part.segment, .bytes = bytes, .messages = at - first, .more = enough};
}

Ring::Run Ring::next(Reader& reader, const Subscription& wanted) const {
  if (reader.version != wanted.version()) {
    reader.verdicts.clear();
    reader.version = wanted.version();
  }
  for (;;) {
    Part part;
    if (!part_of(reader, part)) return {.lost = true};
    if (!part.segment) return {};
    Run run = find(reader, wanted, part);
    if (run.holds || run.more || run.misfit || part.newest) return run;
    ++reader.segment;
    reader.entry = 0;
    reader.verdicts.clear();
  }
}

Result<void> Ring::fits(const Subscription& wanted) const {
  if (!wanted.rule()) return {};
  std::vector<TablePtr> tables;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [topic, table] : tables_) {
      if (wanted.wants(topic)) tables.push_back(table);
    }
  }
  for (const TablePtr& table : tables) SLUICE_TRY(wanted.rule()->fits(*table));
  return {};
}

}  // namespace sluice::subscribers
