#include "model/gtid.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/ascii.h"

namespace sluice {
namespace {

// The server's last usable number is 2^63 - 2 (sql/rpl_gtid.h, GNO_END); so `last + 1` never overflows.
constexpr uint64_t kMaxGno = (uint64_t{1} << 63) - 2;
constexpr size_t kMaxTagLength = 32;  // server manual, "GTID Format and Storage"
constexpr size_t kMaxShown = 120;     // characters of a bad text that a message repeats

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool starts_tag(char c) { return (lower_ascii(c) >= 'a' && lower_ascii(c) <= 'z') || c == '_'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  c = lower_ascii(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string_view shown(std::string_view text) { return text.substr(0, kMaxShown); }

// Walks over the text of a set; every reader passes over the space before what it reads.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool done() {
    skip_space();
    return at_ == text_.size();
  }
  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c || at_ == text_.size()) return false;
    ++at_;
    return true;
  }
  template <class Integer>
  Result<Integer> number(std::string_view what, Integer least, Integer most) {
    skip_space();
    Integer value = 0;
    auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (end == text_.data() + at_) return wrong(what);
    if (error != std::errc{} || value < least || value > most) {
      return wrong(fmt::format("{} between {} and {}", what, least, most));
    }
    at_ = static_cast<size_t>(end - text_.data());
    return value;
  }
  // The longest run of characters that `belongs` accepts.
  template <class Belongs>
  std::string_view word(Belongs belongs) {
    skip_space();
    size_t begin = at_;
    while (at_ < text_.size() && belongs(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  Failure wrong(std::string_view expected) const {
    return usage(
        "the GTID set '{}' cannot be read at character {}: expected {}; known forms are "
        "'3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5' (MySQL) and '0-1-42' (MariaDB)",
        shown(text_), at_ + 1, expected);
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  std::string_view text_;
  size_t at_ = 0;
};

// Sorts, and joins what overlaps or touches.
void normalise(std::vector<GtidSet::Interval>& intervals) {
  if (!std::is_sorted(intervals.begin(), intervals.end())) std::sort(intervals.begin(), intervals.end());
  size_t kept = 0;
  for (const GtidSet::Interval& interval : intervals) {
    if (kept > 0 && interval.first <= intervals[kept - 1].second) {
      intervals[kept - 1].second = std::max(intervals[kept - 1].second, interval.second);
    } else {
      intervals[kept++] = interval;
    }
  }
  intervals.resize(kept);
}

// `sid[:tag]:interval…` up to the comma. The intervals are left unsorted: a text with a million of them in
// the wrong order must not cost a million insertions in the middle.
Result<void> parse_mysql_part(Scanner& in, std::map<GtidSet::Sid, std::vector<GtidSet::Interval>>& sets) {
  auto parsed = parse_uuid(in.word([](char c) { return hex_digit(c) >= 0 || c == '-'; }));
  if (!parsed) return in.wrong("a UUID before this");
  GtidSet::Sid sid{*parsed, {}};
  auto* intervals = &sets[sid];
  if (in.peek() != ':') return in.wrong("':' and an interval");
  while (in.take(':')) {
    if (starts_tag(in.peek())) {
      sid.tag = in.word([](char c) { return starts_tag(c) || is_digit(c); });
      if (sid.tag.size() > kMaxTagLength) return in.wrong("a tag of at most 32 characters before this");
      sid.tag = lower_ascii(sid.tag);
      intervals = &sets[sid];
      if (!in.take(':')) return in.wrong("':' and an interval after the tag");
    }
    SLUICE_ASSIGN(first, in.number<uint64_t>("a transaction number", 1, kMaxGno));
    uint64_t last = first;
    if (in.take('-')) {
      SLUICE_ASSIGN(given, in.number<uint64_t>("the interval's last transaction number", first, kMaxGno));
      last = given;
    }
    intervals->emplace_back(first, last + 1);
  }
  return {};
}

std::vector<GtidSet::Interval> difference(const std::vector<GtidSet::Interval>& from,
                                          const std::vector<GtidSet::Interval>& without) {
  std::vector<GtidSet::Interval> left;
  auto hole = without.begin();
  for (auto [first, end] : from) {
    while (hole != without.end() && hole->second <= first) ++hole;
    for (auto next = hole; next != without.end() && next->first < end; ++next) {
      if (next->first > first) left.emplace_back(first, next->first);
      first = std::max(first, next->second);
      hole = next;
    }
    if (first < end) left.emplace_back(first, end);
  }
  return left;
}

}  // namespace

Result<Uuid> parse_uuid(std::string_view text) {
  bool dashes = text.size() == 36;
  bool good = dashes || text.size() == 32;
  Uuid uuid{};
  size_t digits = 0;
  for (size_t i = 0; good && i < text.size(); ++i) {
    if (dashes && (i == 8 || i == 13 || i == 18 || i == 23)) {
      good = text[i] == '-';
      continue;
    }
    int digit = hex_digit(text[i]);
    good = digit >= 0 && digits < 32;
    if (good) uuid[digits / 2] = static_cast<uint8_t>(uuid[digits / 2] << 4 | digit);
    ++digits;
  }
  if (!good) {
    return usage("'{}' is not a UUID: expected 32 hexadecimal digits, as in {}", shown(text),
                 "3e11fa47-71ca-11e1-9e33-c80aa9429562");
  }
  return uuid;
}

std::string to_string(const Uuid& uuid) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[uuid[i] >> 4];
    text += kDigits[uuid[i] & 15];
  }
  return text;
}

Result<GtidSet> GtidSet::parse(std::string_view text) {
  GtidSet set;
  Scanner in(text);
  bool mysql = text.find(':') != std::string_view::npos;
  // The server takes empty parts (`a,,b`, a comma at the end) for nothing, and so its users write them.
  while (in.take(',')) continue;
  while (!in.done()) {
    if (mysql) {
      SLUICE_TRY(parse_mysql_part(in, set.mysql_));
    } else {
      constexpr uint32_t kMax32 = std::numeric_limits<uint32_t>::max();
      SLUICE_ASSIGN(domain, in.number<uint32_t>("a domain number", 0, kMax32));
      if (!in.take('-')) return in.wrong("'-' and a server number");
      SLUICE_ASSIGN(server, in.number<uint32_t>("a server number", 0, kMax32));
      if (!in.take('-')) return in.wrong("'-' and a sequence number");
      SLUICE_ASSIGN(sequence, in.number<uint64_t>("a sequence number", 0, ~uint64_t{0}));
      if (!set.mariadb_.try_emplace(domain, MariaDbGtid{server, sequence}).second) {
        return in.wrong(fmt::format("domain {} only once before this", domain));
      }
    }
    if (!in.done() && !in.take(',')) return in.wrong("',' or the end");
    while (in.take(',')) continue;
  }
  std::erase_if(set.mysql_, [](auto& entry) { return entry.second.empty(); });
  for (auto& [sid, intervals] : set.mysql_) normalise(intervals);
  return set;
}

std::string GtidSet::text() const {
  std::string out;
  const Uuid* uuid = nullptr;
  for (const auto& [sid, intervals] : mysql_) {
    if (!uuid || *uuid != sid.uuid) {
      if (uuid) out += ',';
      out += to_string(sid.uuid);
      uuid = &sid.uuid;
    }
    if (!sid.tag.empty()) (out += ':') += sid.tag;
    for (auto [first, end] : intervals) {
      fmt::format_to(std::back_inserter(out), ":{}", first);
      if (first + 1 < end) fmt::format_to(std::back_inserter(out), "-{}", end - 1);
    }
  }
  for (const auto& [domain, gtid] : mariadb_) {
    if (!out.empty()) out += ',';
    fmt::format_to(std::back_inserter(out), "{}-{}-{}", domain, gtid.server_id, gtid.sequence);
  }
  return out;
}

Flavor GtidSet::flavor() const {
  if (!mysql_.empty()) return Flavor::MySql;
  return mariadb_.empty() ? Flavor::Unknown : Flavor::MariaDb;
}

void GtidSet::clear() {
  mysql_.clear();
  mariadb_.clear();
}

void GtidSet::add(const Sid& sid, uint64_t number) { add(sid, Interval{number, number + 1}); }

void GtidSet::add(const Sid& sid, Interval interval) {
  if (interval.first >= interval.second) return;
  auto& intervals = mysql_[sid];
  // Live logs count upwards: the newest interval grows.
  if (!intervals.empty() && interval.first >= intervals.back().first) {
    if (interval.first > intervals.back().second) {
      intervals.push_back(interval);
    } else {
      intervals.back().second = std::max(intervals.back().second, interval.second);
    }
    return;
  }
  auto begin = std::partition_point(intervals.begin(), intervals.end(),
                                    [&](const Interval& one) { return one.second < interval.first; });
  auto end = begin;
  for (; end != intervals.end() && end->first <= interval.second; ++end) {
    interval.first = std::min(interval.first, end->first);
    interval.second = std::max(interval.second, end->second);
  }
  if (begin == end) {
    intervals.insert(begin, interval);
  } else {
    *begin = interval;
    intervals.erase(begin + 1, end);
  }
}

void GtidSet::set(uint32_t domain, uint32_t server_id, uint64_t sequence) {
  mariadb_[domain] = {server_id, sequence};
}

bool GtidSet::contains(const Sid& sid, uint64_t number) const {
  auto found = mysql_.find(sid);
  if (found == mysql_.end()) return false;
  const auto& intervals = found->second;
  auto after = std::partition_point(intervals.begin(), intervals.end(),
                                    [&](const Interval& one) { return one.second <= number; });
  return after != intervals.end() && after->first <= number;
}

bool GtidSet::contains(const GtidSet& other) const { return other.minus(*this).empty(); }

GtidSet GtidSet::minus(const GtidSet& other) const {
  GtidSet left;
  for (const auto& [sid, intervals] : mysql_) {
    auto found = other.mysql_.find(sid);
    auto rest = found == other.mysql_.end() ? intervals : difference(intervals, found->second);
    if (!rest.empty()) left.mysql_.emplace(sid, std::move(rest));
  }
  for (const auto& [domain, gtid] : mariadb_) {
    auto found = other.mariadb_.find(domain);
    if (found == other.mariadb_.end() || found->second.sequence < gtid.sequence) {
      left.mariadb_.emplace(domain, gtid);
    }
  }
  return left;
}

void GtidSet::unite(const GtidSet& other) {
  for (const auto& [sid, intervals] : other.mysql_) {
    auto& mine = mysql_[sid];
    mine.insert(mine.end(), intervals.begin(), intervals.end());
    normalise(mine);
  }
  for (const auto& [domain, gtid] : other.mariadb_) {
    auto [mine, fresh] = mariadb_.try_emplace(domain, gtid);
    if (!fresh && mine->second.sequence < gtid.sequence) mine->second = gtid;
  }
}

}  // namespace sluice
