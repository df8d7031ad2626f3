// Bytes: a growable output buffer whose fresh room is not initialised. The writer asks once for the most that
// it may write, writes through a bare pointer, and commits: one bound check a row instead of one a byte.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace sluice {

class Bytes {
 public:
  Bytes() = default;
  Bytes(Bytes&& other) noexcept { swap(other); }
  Bytes& operator=(Bytes&& other) noexcept {
    swap(other);
    return *this;
  }
  Bytes(const Bytes&) = delete;
  Bytes& operator=(const Bytes&) = delete;
  ~Bytes() { std::free(data_); }

  // The write end, with room for at least `n` bytes. Valid until the next call of reserve or append.
  char* reserve(size_t n) {
    if (capacity_ - size_ < n) grow(n);
    return data_ + size_;
  }
  // `end` lies in the room last reserved: everything before it counts as written.
  void commit(const char* end) { size_ = static_cast<size_t>(end - data_); }

  void append(std::string_view text) {
    if (text.empty()) return;
    std::memcpy(reserve(text.size()), text.data(), text.size());
    size_ += text.size();
  }
  void push(char c) {
    *reserve(1) = c;
    ++size_;
  }
  void clear() { size_ = 0; }
  void truncate(size_t size) {
    CHECK(size <= size_);
    size_ = size;
  }
  // Gives memory beyond `most` bytes back: one huge row must not stay resident for ever.
  void shrink(size_t most) {
    if (capacity_ <= most || size_ > most) return;
    Bytes fresh;
    fresh.append(view());
    swap(fresh);
  }

  const char* data() const { return data_; }
  char* data() { return data_; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data_, size_}; }
  void swap(Bytes& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  void grow(size_t n) {
    size_t wanted = size_ + n > capacity_ * 2 ? size_ + n : capacity_ * 2;
    auto* fresh = static_cast<char*>(std::realloc(data_, wanted));
    CHECK(fresh != nullptr);
    data_ = fresh;
    capacity_ = wanted;
  }

  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace sluice
