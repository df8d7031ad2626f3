#include "crypto/seal.h"

#include "crypto/hmac.h"

namespace sluice {
namespace {

constexpr std::string_view kMark = "\xff\xff\xff\xff\xff\xff\xff\xff";
constexpr size_t kTell = 8;  // bytes that tell keys apart

std::string code_of(const Secret& key, std::string_view what, std::string_view nonce) {
  HmacSha256 hmac(key);
  hmac.add(what);
  hmac.add(nonce);
  auto code = hmac.finish();
  return {reinterpret_cast<const char*>(code.data()), code.size()};
}

AesStream stream_of(const Secret& key, std::string_view nonce) {
  return {code_of(key, std::string_view("\0seal\0", 6), ""), nonce};
}

std::string tell(const Secret& key, std::string_view nonce) {
  return code_of(key, std::string_view("\0tell\0", 6), nonce).substr(0, kTell);
}

}  // namespace

BegunSeal begin_seal(const Secret& key) {
  std::string nonce(AesStream::kNonce, '\0');
  random_bytes(nonce.data(), nonce.size());
  return {std::string(kMark) + nonce + tell(key, nonce), stream_of(key, nonce)};
}

bool is_sealed(std::string_view bytes) { return bytes.starts_with(kMark); }

Result<AesStream> open_seal(const Secret& key, std::string_view head) {
  std::string_view nonce = head.substr(kMark.size(), AesStream::kNonce);
  if (head.size() < kSealHead || !is_sealed(head)) return fatal("what was set aside is cut short");
  if (key.empty()) {
    return fatal(
        "what was set aside is sealed by the key of the masks, and there are no masks now; put them back");
  }
  if (head.substr(kMark.size() + nonce.size(), kTell) != tell(key, nonce))
    return fatal(
        "what was set aside is sealed by another key of the masks than the present one; put that back");
  return stream_of(key, nonce);
}

std::string sealed(const Secret& key, std::string bytes) {
  if (key.empty()) return bytes;
  BegunSeal seal = begin_seal(key);
  seal.stream.apply(bytes.data(), bytes.size());
  return std::move(seal.head) + bytes;
}

Result<std::string> unsealed(const Secret& key, std::string bytes) {
  if (!is_sealed(bytes)) return bytes;
  SLUICE_ASSIGN(stream, open_seal(key, bytes));
  bytes.erase(0, kSealHead);
  stream.apply(bytes.data(), bytes.size());
  return bytes;
}

}  // namespace sluice
