#include "sink/subscribers/ring.h"

#include <algorithm>
#include <cstring>

namespace sluice::subscribers {
namespace {

constexpr size_t kSegmentBytes = 256 << 10;
constexpr size_t kMostEntries = 8192;  // of a segment
constexpr size_t kTopicBytes = 64;     // what a topic takes beside its name, about
// Of one run: other readers and the lane wait meanwhile.
constexpr size_t kRunBytes = 256 << 10;

char* put(char* out, std::string_view text) {
  if (!text.empty()) std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

}  // namespace

Ring::Segment& Ring::room_for(size_t bytes) {
  if (!segments_.empty()) {
    Segment& last = *segments_.back();
    if (last.capacity - last.size >= bytes && last.entries.size() < kMostEntries) return last;
    last.cost = last.capacity + last.entries.capacity() * sizeof(Segment::Entry);
    for (const std::string& topic : last.topics) last.cost += kTopicBytes + topic.size();
    cost_ += last.cost;
  }
  auto fresh = std::make_shared<Segment>();
  fresh->capacity = std::max(bytes, kSegmentBytes);
  fresh->bytes = std::make_unique_for_overwrite<char[]>(fresh->capacity);
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

void Ring::add(std::span<const Post> posts) {
  std::lock_guard lock(mutex_);
  for (const Post& post : posts) {
    size_t bytes = post.frame.before_size + post.value.size() + post.frame.after.size();
    Segment& segment = room_for(bytes);
    char* out = segment.bytes.get() + segment.size;
    out = put(out, {post.frame.before, post.frame.before_size});
    put(put(out, post.value), post.frame.after);
    segment.size += bytes;
    segment.entries.push_back({segment.size, post.id, topic_of(segment, post.topic), post.op});
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

bool Ring::wants(Reader& reader, const Subscription& wanted, const Segment& segment,
                 const Segment::Entry& entry) {
  if (!wanted.wants(entry.op)) return false;
  reader.verdicts.resize(segment.topics.size());
  int8_t& verdict = reader.verdicts[entry.topic];
  if (verdict == 0) verdict = wanted.wants(segment.topics[entry.topic]) ? 1 : -1;
  return verdict > 0;
}

Ring::Run Ring::next(Reader& reader, const Subscription& wanted) const {
  if (reader.version != wanted.version()) {
    reader.verdicts.clear();
    reader.version = wanted.version();
  }
  std::lock_guard lock(mutex_);
  if (!reaches(reader)) return {.lost = true};
  while (reader.segment < first_ + segments_.size()) {
    const auto& segment = segments_[reader.segment - first_];
    const auto& entries = segment->entries;
    size_t& at = reader.entry;
    while (at < entries.size() && !wanted.everything() && !wants(reader, wanted, *segment, entries[at])) ++at;
    if (at < entries.size()) {
      size_t first = at, begin = first == 0 ? 0 : entries[first - 1].end;
      do {
        ++at;
      } while (at < entries.size() && entries[at].end - begin <= kRunBytes &&
               (wanted.everything() || wants(reader, wanted, *segment, entries[at])));
      return {segment, {segment->bytes.get() + begin, entries[at - 1].end - begin}, at - first};
    }
    if (reader.segment + 1 == first_ + segments_.size()) break;  // more may come into it
    ++reader.segment;
    at = 0;
    reader.verdicts.clear();
  }
  return {};
}

}  // namespace sluice::subscribers
