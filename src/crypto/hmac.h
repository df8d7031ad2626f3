// HMAC-SHA256 (RFC 2104, FIPS 198), of pieces one after the other, and how secrets are compared. Nothing here
// allocates but the constructor.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"

namespace sluice {

// Takes as long wherever they differ.
bool same_secret(std::string_view a, std::string_view b);

class HmacSha256 {
 public:
  static constexpr size_t kBytes = 32;

  explicit HmacSha256(const Secret& key);
  ~HmacSha256();

  void add(std::string_view bytes);
  // Of what was added; begins anew.
  std::array<uint8_t, kBytes> finish();
  // Appends its 64 hexadecimal digits.
  void append_hex(Bytes& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
