#include "wire/mysql/prepared.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/log.h"
#include "crypto/seal.h"

namespace sluice::mysql {
namespace {

// Stands behind the last event, in place of a header: without it, some of them may be missing.
constexpr char kEndBytes[kHeaderBytes] = {};
constexpr std::string_view kEnd(kEndBytes, kHeaderBytes);
// Of a file's name, which file systems bound to 255 bytes.
constexpr size_t kMostNameBytes = 150;
constexpr size_t kTrustedBytes = 1 << 20;

// A stream of this name tells where the transaction that was set aside under the name without it ended: its
// GTID, file and offset, a line each.
constexpr std::string_view kEndNote = ".end";
constexpr size_t kMostNoteBytes = 4096;

// FNV-1a.
uint64_t hash(std::string_view text) {
  uint64_t value = 0xcbf29ce484222325;
  for (char c : text) value = (value ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return value;
}

// Of a file, up to its number.
std::string stem_of(const std::string& xid) {
  std::string readable;
  for (char c : xid) {
    if (c != '\'' && c != 'X') readable += c == ',' ? '-' : c;
  }
  if (readable.size() > kMostNameBytes) readable.resize(kMostNameBytes);
  return fmt::format("xa-{}-{:016x}-", readable, hash(xid));
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
  SLUICE_TRY(spool_.append(writing_ + "\n"));
  hiding_.reset();
  if (seal_.empty()) return {};
  BegunSeal seal = begin_seal(seal_);
  hiding_ = std::move(seal.stream);
  return spool_.append(seal.head);
}

Result<void> PreparedTransactions::write(std::string_view bytes) {
  if (!hiding_) return spool_.append(bytes);
  hidden_ = bytes;
  hiding_->apply(hidden_.data(), hidden_.size());
  return spool_.append(hidden_);
}

Result<size_t> PreparedTransactions::read(char* to, size_t n) {
  SLUICE_ASSIGN(got, spool_.read(to, n));
  if (showing_) showing_->apply(to, got);
  return got;
}

// What the first header's place holds is the head's beginning where the rest is sealed.
Result<void> PreparedTransactions::open_if_sealed() {
  if (std::exchange(begun_, true) || !is_sealed({header_, kHeaderBytes})) return {};
  static_assert(kHeaderBytes < kSealHead);
  std::string head(header_, kHeaderBytes);
  head.resize(kSealHead);
  SLUICE_TRY(read_all(head.data() + kHeaderBytes, kSealHead - kHeaderBytes));
  SLUICE_ASSIGN(stream, open_seal(seal_, head));
  showing_ = std::move(stream);
  return read_all(header_, kHeaderBytes);
}

Result<void> PreparedTransactions::add(std::string_view event, std::string_view body) {
  char bytes[kHeaderBytes];
  spell_kept_header(event, body.size(), bytes);
  SLUICE_TRY(write({bytes, kHeaderBytes}));
  return write(body);
}

Result<void> PreparedTransactions::prepare() {
  SLUICE_TRY(write(kEnd));
  std::string xid = std::move(writing_);
  writing_.clear();
  std::string name = fmt::format("{}{}", stem_of(xid), next_++);
  while (waiting(xid)) rolled_back(xid);  // it was read before, and is read again
  SLUICE_TRY(spool_.keep(name));
  waiting_[std::move(xid)] = std::move(name);
  return {};
}

void PreparedTransactions::drop() {
  writing_.clear();
  spool_.drop();
}

std::optional<std::string> PreparedTransactions::waiting(const std::string& xid) const {
  if (auto found = waiting_.find(xid); found != waiting_.end()) return found->second;
  auto former = former_.find(stem_of(xid));
  if (former == former_.end()) return std::nullopt;
  // The oldest: what follows it was prepared behind the place where reading goes on, and will be again.
  return fmt::format("{}{}", former->first, *former->second.begin());
}

Result<bool> PreparedTransactions::open(const std::string& xid) {
  auto name = waiting(xid);
  if (!name) return false;
  SLUICE_TRY(spool_.open(*name));
  std::string line(xid.size() + 1, '\0');
  SLUICE_ASSIGN(got, spool_.read(line.data(), line.size()));
  if (got != line.size() || line != xid + "\n")
    return fatal("what was set aside for the XA transaction {} is of another one, or damaged", xid);
  reading_ = true;
  begun_ = false;
  showing_.reset();
  opened_ = std::move(*name);
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
    SLUICE_TRY(read_all(header_, kHeaderBytes));
    SLUICE_TRY(open_if_sealed());
    peeked_ = true;
  }
  header = read_header({header_, kHeaderBytes});
  if (kEnd == std::string_view(header_, kHeaderBytes)) return false;
  if (header.size < kHeaderBytes) return fatal("what was set aside is damaged");
  return true;
}

Result<void> PreparedTransactions::read_all(char* to, size_t n) {
  SLUICE_ASSIGN(got, read(to, n));
  if (got < n) return fatal("what was set aside is cut short");
  return {};
}

Result<std::string_view> PreparedTransactions::fetch(Arena& arena) {
  if (!again_.empty()) {
    std::string_view event = arena.copy(again_);
    again_.clear();
    return event;
  }
  size_t size = read_header({header_, kHeaderBytes}).size;
  // What a damaged size claims gets room as its bytes come.
  std::string large;
  size_t have = kHeaderBytes;
  if (size > kTrustedBytes) large.assign(header_, kHeaderBytes);
  while (size - have > kTrustedBytes) {
    large.resize(have + kTrustedBytes);
    SLUICE_TRY(read_all(large.data() + have, kTrustedBytes));
    have += kTrustedBytes;
  }
  char* event = arena.allocate(size);
  std::memcpy(event, large.empty() ? header_ : large.data(), have);
  SLUICE_TRY(read_all(event + have, size - have));
  peeked_ = false;
  return std::string_view(event, size);
}

void PreparedTransactions::close() {
  spool_.close();
  reading_ = false;
}

void PreparedTransactions::committed(const std::string& xid, GtidSet gtid, const Position& behind) {
  Done done{opened_, std::move(gtid), behind.file, behind.offset};
  if (auto noted = note_end(done); !noted)
    log::warning("should this process die now, {} would stay for ever: {}", done.name, noted.error().what);
  forget(xid);
  std::lock_guard lock(mutex_);
  done_.push_back(std::move(done));
}

// What waiting() says, so that it says the next one.
void PreparedTransactions::forget(const std::string& xid) {
  if (waiting_.erase(xid) > 0) return;
  auto former = former_.find(stem_of(xid));
  if (former == former_.end()) return;
  former->second.erase(former->second.begin());
  if (former->second.empty()) former_.erase(former);
}

Result<void> PreparedTransactions::note_end(const Done& done) {
  SLUICE_TRY(spool_.begin());
  SLUICE_TRY(spool_.append(fmt::format("{}\n{}\n{}\n", done.gtid.text(), done.file, done.offset)));
  // Where power takes it, the file stays until its name is used again.
  return spool_.keep(done.name + std::string(kEndNote), false);
}

void PreparedTransactions::remove(const std::string& name) const {
  // In this order: a note alone is found by settle().
  spool_.remove(name);
  spool_.remove(name + std::string(kEndNote));
}

void PreparedTransactions::settle(const Position& saved) {
  for (const std::string& name : spool_.names()) {
    if (!saved.known()) {
      spool_.remove(name);
    } else if (name.ends_with(kEndNote)) {
      auto done = read_note(name);
      // Else its end is read again, and noted again.
      if (done && done->is_behind(saved)) remove(done->name);
    }
  }
  for (const std::string& name : spool_.names()) {
    size_t number = name.rfind('-') + 1;
    if (number == 0 || name.ends_with(kEndNote)) continue;
    uint64_t value = std::strtoull(name.c_str() + number, nullptr, 10);
    former_[name.substr(0, number)].insert(value);
    next_ = std::max(next_, value + 1);
  }
}

std::optional<PreparedTransactions::Done> PreparedTransactions::read_note(const std::string& name) {
  std::string text(kMostNoteBytes, '\0');
  if (!spool_.open(name)) return std::nullopt;
  text.resize(spool_.read(text.data(), text.size()).value_or(0));
  spool_.close();
  size_t first = text.find('\n'), second = text.find('\n', first + 1);
  if (first == text.npos || second == text.npos) return std::nullopt;
  auto gtid = GtidSet::parse(std::string_view(text).substr(0, first));
  if (!gtid) return std::nullopt;
  return Done{name.substr(0, name.size() - kEndNote.size()), std::move(*gtid),
              text.substr(first + 1, second - first - 1),
              std::strtoull(text.c_str() + second + 1, nullptr, 10)};
}

void PreparedTransactions::rolled_back(const std::string& xid) {
  auto name = waiting(xid);
  if (!name) return;
  remove(*name);
  forget(xid);
}

void PreparedTransactions::confirm(const Position& position) {
  std::lock_guard lock(mutex_);
  std::erase_if(done_, [&](const Done& done) {
    bool safe = done.is_behind(position);
    if (safe) remove(done.name);
    return safe;
  });
}

bool PreparedTransactions::Done::is_behind(const Position& position) const {
  return gtid.empty() ? reaches(position, file, offset) : position.gtids.contains(gtid);
}

}  // namespace sluice::mysql
