// Arena: bump allocation for everything that lives as long as one batch. Nothing is freed singly; reset()
// forgets all and keeps the ordinary blocks, so that a warm arena allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace sluice {

class Arena {
 public:
  static constexpr size_t kBlockBytes = 256 * 1024;

  // Behind each allocation so many bytes may be read (not used): text is scanned 16 bytes at a time.
  static constexpr size_t kReadSlack = 16;

  // Aligned to 16 bytes; valid until reset().
  char* allocate(size_t n) {
    n = (n + 15) & ~size_t{15};
    if (static_cast<size_t>(end_ - at_) < n) return allocate_slow(n);
    char* result = at_;
    at_ += n;
    return result;
  }
  template <class T>
  T* array(size_t count) {
    static_assert(alignof(T) <= 16);
    return reinterpret_cast<T*>(allocate(count * sizeof(T)));
  }
  std::string_view copy(std::string_view text) {
    char* place = allocate(text.size());
    if (!text.empty()) std::memcpy(place, text.data(), text.size());
    return {place, text.size()};
  }
  // Gives back the unused end of the last allocation, `n` bytes long, of which `used` are kept. A large one
  // goes as a whole or not at all.
  void trim(char* allocation, size_t n, size_t used) {
    n = (n + 15) & ~size_t{15};
    if (allocation + n == at_) {
      at_ = allocation + ((used + 15) & ~size_t{15});
    } else if (used == 0 && !large_.empty() && large_.back().bytes.get() == allocation) {
      drop_large();
    }
  }

  void reset();
  // Bytes handed out since reset(), and bytes held from the system.
  size_t used() const { return used_ + (at_ ? static_cast<size_t>(at_ - begin_) : 0); }
  size_t held() const { return held_; }

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size;
  };
  char* allocate_slow(size_t n);
  void drop_large();

  std::vector<Block> blocks_;  // kBlockBytes each, reused after reset()
  std::vector<Block> large_;   // one allocation each, freed by reset()
  size_t next_ = 0;            // the block after the present one
  size_t used_ = 0;
  size_t held_ = 0;
  char* begin_ = nullptr;
  char* at_ = nullptr;
  char* end_ = nullptr;
};

}  // namespace sluice
