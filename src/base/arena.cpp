#include "base/arena.h"

namespace sluice {

char* Arena::allocate_slow(size_t n) {
  if (n > kBlockBytes / 4) {
    large_.push_back({std::make_unique_for_overwrite<char[]>(n + kReadSlack), n});
    held_ += n;
    used_ += n;
    return large_.back().bytes.get();
  }
  if (at_) used_ += static_cast<size_t>(at_ - begin_);
  if (next_ == blocks_.size()) {
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(kBlockBytes + kReadSlack), kBlockBytes});
    held_ += kBlockBytes;
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
  if (blocks_.size() > next_ + 8) {
    held_ -= blocks_.back().size;
    blocks_.pop_back();
  }
  next_ = 0;
  used_ = 0;
  begin_ = at_ = end_ = nullptr;
}

}  // namespace sluice
