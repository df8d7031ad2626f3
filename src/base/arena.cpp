#include "base/arena.h"

#include <sys/mman.h>

#include "base/check.h"

namespace sluice {

Arena::Block Arena::new_block() const {
  auto* bytes = static_cast<char*>(std::aligned_alloc(block_bytes_, block_bytes_));
  CHECK(bytes != nullptr);
  // Advice: a kernel without huge pages gives ordinary ones.
  if (block_bytes_ >= kHugeBytes) ::madvise(bytes, block_bytes_, MADV_HUGEPAGE);
  return {std::unique_ptr<char, Free>(bytes), block_bytes_ - kReadSlack};
}

char* Arena::allocate_slow(size_t n) {
  if (n > block_bytes_ / 4) {
    auto* bytes = static_cast<char*>(std::malloc(n + kReadSlack));
    CHECK(bytes != nullptr);
    large_.push_back({std::unique_ptr<char, Free>(bytes), n});
    held_ += n;
    used_ += n;
    return large_.back().bytes.get();
  }
  if (at_) used_ += static_cast<size_t>(at_ - begin_);
  if (next_ == blocks_.size()) {
    blocks_.push_back(new_block());
    held_ += block_bytes_;
  }
  Block& block = blocks_[next_++];
  begin_ = block.bytes.get();
  end_ = begin_ + block.size;
  at_ = begin_ + n;
  return begin_;
}

void Arena::drop_large() {
  held_ -= large_.back().size;
  used_ -= large_.back().size;
  large_.pop_back();
}

void Arena::reset() {
  for (const Block& block : large_) held_ -= block.size;
  large_.clear();
  // What an unusual batch needed is given back over time, one block a reset, without making an ordinary one
  // allocate.
  constexpr size_t kSpareBytes = 2 << 20;
  if ((blocks_.size() - next_) * block_bytes_ > kSpareBytes) {
    held_ -= block_bytes_;
    blocks_.pop_back();
  }
  next_ = 0;
  used_ = 0;
  begin_ = at_ = end_ = nullptr;
}

}  // namespace sluice
