// The functions of a fixed algorithm, which OpenSSL 3 calls old: what replaces them allocates for every code.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/hmac.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <cstring>

#include "base/check.h"

namespace sluice {
namespace {

constexpr size_t kBlock = 64;  // of SHA-256

SHA256_CTX begun(const unsigned char* key, unsigned char mask) {
  unsigned char block[kBlock];
  for (size_t i = 0; i < kBlock; ++i) block[i] = key[i] ^ mask;
  SHA256_CTX context;
  CHECK(SHA256_Init(&context) == 1 && SHA256_Update(&context, block, kBlock) == 1);
  return context;
}

}  // namespace

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

struct HmacSha256::Impl {
  SHA256_CTX inner, outer;  // behind the key's block
  SHA256_CTX running;
};

HmacSha256::HmacSha256(const Secret& key) : impl_(std::make_unique<Impl>()) {
  const std::string& text = key.reveal();
  unsigned char block[kBlock] = {};
  if (text.size() > kBlock) {
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), block);
  } else if (!text.empty()) {
    std::memcpy(block, text.data(), text.size());
  }
  impl_->inner = begun(block, 0x36);
  impl_->outer = begun(block, 0x5c);
  impl_->running = impl_->inner;
}

HmacSha256::~HmacSha256() = default;

void HmacSha256::add(std::string_view bytes) {
  CHECK(SHA256_Update(&impl_->running, bytes.data(), bytes.size()) == 1);
}

std::array<uint8_t, HmacSha256::kBytes> HmacSha256::finish() {
  std::array<uint8_t, kBytes> made;
  SHA256_CTX outer = impl_->outer;
  CHECK(SHA256_Final(made.data(), &impl_->running) == 1);
  CHECK(SHA256_Update(&outer, made.data(), made.size()) == 1 && SHA256_Final(made.data(), &outer) == 1);
  impl_->running = impl_->inner;
  return made;
}

void HmacSha256::append_hex(Bytes& out) {
  constexpr char kHex[] = "0123456789abcdef";
  char* at = out.reserve(2 * kBytes);
  for (unsigned char byte : finish()) {
    *at++ = kHex[byte >> 4];
    *at++ = kHex[byte & 15];
  }
  out.commit(at);
}

}  // namespace sluice
