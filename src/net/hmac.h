// HMAC-SHA256 (RFC 2104, FIPS 198), of pieces one after the other; and how secrets are compared.
#pragma once

#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"

namespace sluice {

// Takes as long wherever they differ.
bool same_secret(std::string_view a, std::string_view b);

class HmacSha256 {
 public:
  explicit HmacSha256(const Secret& key);
  ~HmacSha256();

  void add(std::string_view bytes);
  // Appends the 64 hexadecimal digits of what was added, and begins anew.
  void append_hex(Bytes& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
