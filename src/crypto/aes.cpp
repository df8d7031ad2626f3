#include "crypto/aes.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>

#include "base/check.h"

namespace sluice {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

struct Aes::Impl {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  ~Impl() { EVP_CIPHER_CTX_free(context); }
};

Aes::Aes(std::string_view key) : impl_(std::make_unique<Impl>()) {
  CHECK(key.size() == 16 || key.size() == 24 || key.size() == 32);
  const EVP_CIPHER* cipher = key.size() == 16   ? EVP_aes_128_ecb()
                             : key.size() == 24 ? EVP_aes_192_ecb()
                                                : EVP_aes_256_ecb();
  CHECK(EVP_EncryptInit_ex(impl_->context, cipher, nullptr, bytes_of(key), nullptr) == 1);
  CHECK(EVP_CIPHER_CTX_set_padding(impl_->context, 0) == 1);
}

Aes::~Aes() = default;
Aes::Aes(Aes&&) noexcept = default;
Aes& Aes::operator=(Aes&&) noexcept = default;

void Aes::encrypt(const uint8_t* in, uint8_t* out) const {
  int made = 0;
  CHECK(EVP_EncryptUpdate(impl_->context, out, &made, in, kBlock) == 1 && made == kBlock);
}

struct AesStream::Impl {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  ~Impl() { EVP_CIPHER_CTX_free(context); }
};

AesStream::AesStream(std::string_view key, std::string_view nonce) : impl_(std::make_unique<Impl>()) {
  CHECK(key.size() == 32 && nonce.size() == kNonce);
  CHECK(EVP_EncryptInit_ex(impl_->context, EVP_aes_256_ctr(), nullptr, bytes_of(key), bytes_of(nonce)) == 1);
}

AesStream::~AesStream() = default;
AesStream::AesStream(AesStream&&) noexcept = default;
AesStream& AesStream::operator=(AesStream&&) noexcept = default;

void AesStream::apply(char* bytes, size_t n) {
  constexpr size_t kMost = 1 << 30;  // the library counts in int
  while (n > 0) {
    size_t part = std::min(n, kMost);
    auto* at = reinterpret_cast<unsigned char*>(bytes);
    int made = 0;
    CHECK(EVP_EncryptUpdate(impl_->context, at, &made, at, static_cast<int>(part)) == 1);
    bytes += part;
    n -= part;
  }
}

void random_bytes(char* out, size_t n) {
  CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(out), static_cast<int>(n)) == 1);
}

}  // namespace sluice
