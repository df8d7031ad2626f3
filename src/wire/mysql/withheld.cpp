#include "wire/mysql/withheld.h"

#include <algorithm>
#include <cstring>

namespace sluice::mysql {
namespace {

// Of reading the file and of writing it.
constexpr size_t kPieceBytes = 1 << 20;
// Of the size in an event's header.
constexpr size_t kSizeOffset = 9;

}  // namespace

void spell_kept_header(std::string_view event, size_t body, char (&header)[kHeaderBytes]) {
  std::memcpy(header, event.data(), kHeaderBytes);
  auto size = static_cast<uint32_t>(kHeaderBytes + body);
  std::memcpy(header + kSizeOffset, &size, sizeof size);
}

Result<void> Withheld::keep(std::string_view bytes) {
  memory_.append(bytes);
  size_ += bytes.size();
  if (memory_.size() < (in_file_ ? kPieceBytes : kMemoryBytes)) return {};
  if (!in_file_) SLUICE_TRY(file_.begin(folder_));
  in_file_ = true;
  SLUICE_TRY(file_.append(memory_));
  memory_.clear();
  return {};
}

Result<void> Withheld::add(uint64_t begin, uint64_t end, std::string_view event, std::string_view body) {
  char head[kPlaceBytes + kHeaderBytes], header[kHeaderBytes];
  spell_kept_header(event, body.size(), header);
  std::memcpy(head, &begin, 8);
  std::memcpy(head + 8, &end, 8);
  std::memcpy(head + kPlaceBytes, header, kHeaderBytes);
  SLUICE_TRY(keep({head, sizeof head}));
  return keep(body);
}

void Withheld::drop() {
  if (memory_.capacity() > 2 * kMemoryBytes) memory_ = {};
  memory_.clear();
  file_.close();
  in_file_ = reading_ = peeked_ = false;
  size_ = at_ = 0;
  ahead_.clear();
  ahead_at_ = 0;
  again_.clear();
}

void Withheld::open() {
  reading_ = true;
  at_ = 0;
}

// The file's bytes come before those in memory.
Result<void> Withheld::read(char* to, size_t n) {
  while (n > 0) {
    size_t take;
    if (at_ >= file_.size()) {
      size_t from = static_cast<size_t>(at_ - file_.size());
      take = std::min(n, memory_.size() - from);
      if (take == 0) return fatal("what was withheld of a transaction is cut short");
      std::memcpy(to, memory_.data() + from, take);
    } else {
      if (ahead_at_ == ahead_.size()) {
        ahead_.resize(kPieceBytes);
        SLUICE_ASSIGN(got, file_.from(0).read(at_, ahead_.data(), kPieceBytes));
        ahead_.resize(got);
        ahead_at_ = 0;
      }
      take = std::min(n, ahead_.size() - ahead_at_);
      std::memcpy(to, ahead_.data() + ahead_at_, take);
      ahead_at_ += take;
    }
    to += take;
    n -= take;
    at_ += take;
  }
  return {};
}

Result<bool> Withheld::peek(EventHeader& header) {
  if (!again_.empty()) {
    header = read_header(again_);
    return true;
  }
  if (!peeked_) {
    if (at_ == size_) return false;
    SLUICE_TRY(read(head_, sizeof head_));
    peeked_ = true;
  }
  header = read_header({head_ + kPlaceBytes, kHeaderBytes});
  return true;
}

Result<std::string_view> Withheld::fetch(Arena& arena) {
  if (!again_.empty()) {
    std::string_view event = arena.copy(again_);
    again_.clear();
    return event;
  }
  size_t size = read_header({head_ + kPlaceBytes, kHeaderBytes}).size;
  char* event = arena.allocate(size);
  std::memcpy(event, head_ + kPlaceBytes, kHeaderBytes);
  SLUICE_TRY(read(event + kHeaderBytes, size - kHeaderBytes));
  peeked_ = false;
  return std::string_view(event, size);
}

void Withheld::put_back(std::string_view event) { again_ = event; }

void Withheld::place(uint64_t& begin, uint64_t& end) const {
  std::memcpy(&begin, head_, 8);
  std::memcpy(&end, head_ + 8, 8);
}

}  // namespace sluice::mysql
