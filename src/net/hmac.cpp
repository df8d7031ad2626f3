#include "net/hmac.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/check.h"

namespace sluice {

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

struct HmacSha256::Impl {
  EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  EVP_MAC_CTX* context = EVP_MAC_CTX_new(mac);
};

HmacSha256::HmacSha256(const Secret& key) : impl_(std::make_unique<Impl>()) {
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                             OSSL_PARAM_construct_end()};
  const std::string& text = key.reveal();
  CHECK(EVP_MAC_init(impl_->context, reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     parameters) == 1);
}

HmacSha256::~HmacSha256() {
  EVP_MAC_CTX_free(impl_->context);
  EVP_MAC_free(impl_->mac);
}

void HmacSha256::add(std::string_view bytes) {
  CHECK(EVP_MAC_update(impl_->context, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()) ==
        1);
}

void HmacSha256::append_hex(Bytes& out) {
  constexpr char kHex[] = "0123456789abcdef";
  unsigned char made[32];
  size_t size = 0;
  CHECK(EVP_MAC_final(impl_->context, made, &size, sizeof made) == 1 && size == sizeof made);
  CHECK(EVP_MAC_init(impl_->context, nullptr, 0, nullptr) == 1);  // with the same key
  char* at = out.reserve(2 * sizeof made);
  for (unsigned char byte : made) {
    *at++ = kHex[byte >> 4];
    *at++ = kHex[byte & 15];
  }
  out.commit(at);
}

}  // namespace sluice
