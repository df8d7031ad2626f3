#include "wire/mysql/prepared.h"

#include <algorithm>
#include <cstring>

namespace sluice::mysql {
namespace {

// A name may be used again as soon as its transaction has ended, before what was set aside for that may go.
constexpr unsigned kMostGenerations = 16;
// Of the size in an event's header.
constexpr size_t kSizeOffset = 9;
// Stands behind the last event, in place of a header: without it, some of them may be missing.
constexpr char kEndBytes[kHeaderBytes] = {};
constexpr std::string_view kEnd(kEndBytes, kHeaderBytes);
// Of a file's name, which file systems bound to 255 bytes.
constexpr size_t kMostNameBytes = 150;

// FNV-1a.
uint64_t hash(std::string_view text) {
  uint64_t value = 0xcbf29ce484222325;
  for (char c : text) value = (value ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return value;
}

std::string name_of(const std::string& xid, unsigned generation) {
  std::string readable;
  for (char c : xid) {
    if (c != '\'' && c != 'X') readable += c == ',' ? '-' : c;
  }
  if (readable.size() > kMostNameBytes) readable.resize(kMostNameBytes);
  return fmt::format("xa-{}-{:016x}-{}", readable, hash(xid), generation);
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (char c : bytes) out += fmt::format("{:02x}", static_cast<uint8_t>(c));
  return out;
}

// Files are numbered; a number may outgrow its six digits.
bool reaches(const Position& position, std::string_view file, uint64_t offset) {
  if (position.file == file) return position.offset >= offset;
  if (position.file.size() != file.size()) return position.file.size() > file.size();
  return position.file > file;
}

}  // namespace

std::string spell_xid(std::string_view global, std::string_view branch, uint32_t format) {
  return fmt::format("X'{}',X'{}',{}", hex(global), hex(branch), format);
}

std::string xid_of_statement(std::string_view sql) {
  size_t begin = sql.find("X'");
  if (begin == std::string_view::npos) return {};
  size_t end = sql.find_first_of(" \t\n;/", begin);
  return std::string(sql.substr(begin, end - begin));
}

Result<void> PreparedTransactions::begin(std::string xid) {
  SLUICE_TRY(spool_.begin());
  writing_ = std::move(xid);
  return spool_.append(writing_ + "\n");
}

Result<void> PreparedTransactions::add(std::string_view event, std::string_view body) {
  char bytes[kHeaderBytes];
  std::memcpy(bytes, event.data(), kHeaderBytes);
  auto size = static_cast<uint32_t>(kHeaderBytes + body.size());
  std::memcpy(bytes + kSizeOffset, &size, sizeof size);
  SLUICE_TRY(spool_.append({bytes, kHeaderBytes}));
  return spool_.append(body);
}

unsigned PreparedTransactions::next_generation(const std::string& xid) const {
  unsigned next = 0;
  std::lock_guard lock(mutex_);
  for (const Done& done : done_) {
    if (done.xid == xid) next = std::max(next, done.generation + 1);
  }
  return next;
}

Result<void> PreparedTransactions::prepare() {
  unsigned generation = next_generation(writing_);
  SLUICE_TRY(spool_.append(kEnd));
  std::string xid = std::move(writing_);
  writing_.clear();
  SLUICE_TRY(spool_.keep(name_of(xid, generation)));
  // Of a life before this one, and behind the place where it was taken up again.
  for (unsigned later = generation + 1; spool_.has(name_of(xid, later)); ++later)
    spool_.remove(name_of(xid, later));
  return {};
}

void PreparedTransactions::drop() {
  writing_.clear();
  spool_.drop();
}

Result<bool> PreparedTransactions::open(const std::string& xid) {
  unsigned generation = next_generation(xid);
  unsigned end = generation + kMostGenerations;
  while (generation < end && !spool_.has(name_of(xid, generation))) ++generation;
  if (generation == end) return false;
  SLUICE_TRY(spool_.open(name_of(xid, generation)));
  std::string line(xid.size() + 1, '\0');
  SLUICE_ASSIGN(got, spool_.read(line.data(), line.size()));
  if (got != line.size() || line != xid + "\n")
    return fatal("what was set aside for the XA transaction {} is of another one, or damaged", xid);
  reading_ = true;
  opened_ = generation;
  peeked_ = false;
  again_.clear();
  return true;
}

Result<bool> PreparedTransactions::peek(EventHeader& header) {
  if (!again_.empty()) {
    header = read_header(again_);
    return true;
  }
  if (!peeked_) {
    SLUICE_ASSIGN(got, spool_.read(header_, kHeaderBytes));
    if (got < kHeaderBytes) return fatal("what was set aside is cut short");
    peeked_ = true;
  }
  header = read_header({header_, kHeaderBytes});
  if (kEnd == std::string_view(header_, kHeaderBytes)) return false;
  if (header.size < kHeaderBytes) return fatal("what was set aside is damaged");
  return true;
}

Result<std::string_view> PreparedTransactions::fetch(Arena& arena) {
  if (!again_.empty()) {
    std::string_view event = arena.copy(again_);
    again_.clear();
    return event;
  }
  size_t size = read_header({header_, kHeaderBytes}).size;
  char* event = arena.allocate(size);
  std::memcpy(event, header_, kHeaderBytes);
  SLUICE_ASSIGN(got, spool_.read(event + kHeaderBytes, size - kHeaderBytes));
  if (got != size - kHeaderBytes) return fatal("what was set aside is cut short");
  peeked_ = false;
  return std::string_view(event, size);
}

void PreparedTransactions::close() {
  spool_.close();
  reading_ = false;
}

void PreparedTransactions::committed(const std::string& xid, GtidSet gtid, const Position& behind) {
  std::lock_guard lock(mutex_);
  done_.push_back({name_of(xid, opened_), xid, opened_, std::move(gtid), behind.file, behind.offset});
}

void PreparedTransactions::rolled_back(const std::string& xid) {
  unsigned generation = next_generation(xid);
  for (unsigned end = generation + kMostGenerations; generation < end; ++generation) {
    if (!spool_.has(name_of(xid, generation))) continue;
    spool_.remove(name_of(xid, generation));
    return;
  }
}

void PreparedTransactions::confirm(const Position& position) {
  std::lock_guard lock(mutex_);
  std::erase_if(done_, [&](const Done& done) {
    bool safe =
        done.gtid.empty() ? reaches(position, done.file, done.offset) : position.gtids.contains(done.gtid);
    if (safe) spool_.remove(done.name);
    return safe;
  });
}

}  // namespace sluice::mysql
