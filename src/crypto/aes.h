// AES (FIPS 197): single blocks for modes of our own, and a stream of key bytes (CTR, NIST SP 800-38A) under
// which a file can lie on a disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace sluice {

class Aes {
 public:
  static constexpr size_t kBlock = 16;

  // `key`: 16, 24 or 32 bytes.
  explicit Aes(std::string_view key);
  ~Aes();
  Aes(Aes&&) noexcept;
  Aes& operator=(Aes&&) noexcept;

  // `out` may be `in`. Allocates nothing. One thread's own.
  void encrypt(const uint8_t* in, uint8_t* out) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What it hides once it shows again, under the same key and nonce and from the same place on.
class AesStream {
 public:
  static constexpr size_t kNonce = 16;

  // `key`: 32 bytes.
  AesStream(std::string_view key, std::string_view nonce);
  ~AesStream();
  AesStream(AesStream&&) noexcept;
  AesStream& operator=(AesStream&&) noexcept;

  void apply(char* bytes, size_t n);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Bytes that nobody can foretell.
void random_bytes(char* out, size_t n);

}  // namespace sluice
