// Withheld: the events of the open transaction until its COMMIT was read, for those who want whole
// transactions only. Memory holds the first of them, a file without a name the rest.
//
// An event is kept as: where it begins and ends in the log (u64 each, in this machine's order), its header
// with the size of what follows here, its body without checksum.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/file_part.h"
#include "wire/mysql/event_replay.h"

namespace sluice::mysql {

class Withheld : public EventReplay {
 public:
  static constexpr size_t kMemoryBytes = 4 << 20;

  // `folder`: of the file, which is made when it is needed; empty: where temporary files go.
  explicit Withheld(std::string folder) : folder_(std::move(folder)) {}

  bool is_empty() const { return size_ == 0; }
  uint64_t bytes() const { return size_; }
  Result<void> add(uint64_t begin, uint64_t end, std::string_view event, std::string_view body);
  void drop();

  // From the first one on, until drop().
  void open();
  bool is_reading() const { return reading_; }
  Result<bool> peek(EventHeader& header) override;
  Result<std::string_view> fetch(Arena& arena) override;
  void put_back(std::string_view event) override;
  void place(uint64_t& begin, uint64_t& end) const override;

 private:
  static constexpr size_t kPlaceBytes = 16;

  Result<void> keep(std::string_view bytes);
  Result<void> read(char* to, size_t n);

  std::string folder_;
  std::string memory_;  // what came first, and what is to be written to the file
  bool in_file_ = false;
  ScratchFile file_;
  uint64_t size_ = 0;

  bool reading_ = false;
  uint64_t at_ = 0;    // of what was kept
  std::string ahead_;  // of the file, read at once
  size_t ahead_at_ = 0;
  bool peeked_ = false;
  char head_[kPlaceBytes + kHeaderBytes];
  std::string again_;
};

}  // namespace sluice::mysql
