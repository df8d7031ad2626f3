// ZstdReader: takes compressed bytes apart piece by piece, into places that the caller chooses. Holds zstd's
// window and no more, whatever the size of the whole.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace sluice {

class ZstdReader {
 public:
  ZstdReader();
  ~ZstdReader();

  // Forgets what came before; the next byte is a frame's first one.
  void begin();
  // Up to `n` bytes to `to`, of the compressed ones behind `in`, which is moved on by what was taken. Returns
  // how many; fewer than `n` only where `in` is at its end.
  Result<size_t> read(std::string_view& in, char* to, size_t n);
  // Whether the last frame came to its end.
  bool whole() const { return whole_; }

 private:
  struct Free {
    void operator()(void* stream) const;
  };
  std::unique_ptr<void, Free> stream_;  // ZSTD_DStream; made when it is first needed
  bool whole_ = false;
};

}  // namespace sluice
