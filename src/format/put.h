// Bytes as they are, into room that was reserved; returns their end.
#pragma once

#include <cstring>
#include <string_view>

namespace sluice {

// `bytes` points somewhere even where it is empty.
inline char* put(char* out, std::string_view bytes) {
  std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

}  // namespace sluice
