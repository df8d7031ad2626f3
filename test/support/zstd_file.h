// Reads zstd frames, one after the other, as far as they go.
#pragma once

#include <string>
#include <string_view>

namespace sluice::test {

// `whole`: false where the last frame is not closed; what it holds is there nevertheless. Bytes that are no
// zstd are CHECKed.
struct Unzipped {
  std::string bytes;
  bool whole = true;
};
Unzipped unzip(std::string_view frames);

// The same of gzip members, one after the other.
Unzipped gunzip(std::string_view members);

}  // namespace sluice::test
