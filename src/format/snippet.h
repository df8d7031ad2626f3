// Snippet: text that is written again and again, kept so that it goes out in wide stores.
#pragma once

#include <cstring>
#include <string>
#include <string_view>

#include "format/spell.h"

namespace sluice {

// Two wide stores for the usual length. `kSlack` bytes of room behind it are needed at the place where it is
// put.
class Snippet {
 public:
  Snippet() : text_(kSlack, '\0') {}
  explicit Snippet(std::string text) : size_(text.size()), text_(std::move(text)) {
    text_.append(kSlack, '\0');
  }

  size_t size() const { return size_; }
  std::string_view view() const { return {text_.data(), size_}; }
  char* put(char* out) const {
    std::memcpy(out, text_.data(), kSlack);
    if (__builtin_expect(size_ > kSlack, 0)) std::memcpy(out + kSlack, text_.data() + kSlack, size_ - kSlack);
    return out + size_;
  }
  // The same of text that is mostly longer than that.
  char* put_long(char* out) const {
    for (size_t i = 0; i < size_; i += kSlack) std::memcpy(out + i, text_.data() + i, kSlack);
    return out + size_;
  }

 private:
  size_t size_ = 0;
  std::string text_;
};

}  // namespace sluice
