#include "sink/nats/credentials.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "base/base64.h"
#include "base/check.h"

namespace sluice::nats {
namespace {

using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";  // RFC 4648, section 6
constexpr size_t kKeySize = 32;
// github.com/nats-io/nkeys, strkey.go: the first five bits are S, the next five the kind of key, here U.
constexpr unsigned kSeed = 18 << 3, kUser = 20 << 3;

std::optional<std::string> base32_decode(std::string_view text) {
  std::string made;
  unsigned bits = 0, held = 0;
  for (char c : text) {
    size_t digit = kAlphabet.find(c);
    if (digit == kAlphabet.npos) return std::nullopt;
    held = (held << 5 | static_cast<unsigned>(digit)) & 0xFFF;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    made += static_cast<char>(held >> bits);
  }
  return made;
}

std::string base32_encode(std::string_view bytes) {
  std::string made;
  unsigned bits = 0, held = 0;
  for (char c : bytes) {
    held = (held << 8 | static_cast<unsigned char>(c)) & 0xFFFF;
    for (bits += 8; bits >= 5;) made += kAlphabet[held >> (bits -= 5) & 31];
  }
  if (bits > 0) made += kAlphabet[held << (5 - bits) & 31];
  return made;
}

// CRC-16/XMODEM, which ends every key, the lower byte first.
std::string checksum(std::string_view bytes) {
  unsigned crc = 0;
  for (char c : bytes) {
    crc ^= static_cast<unsigned>(static_cast<unsigned char>(c)) << 8;
    for (int i = 0; i < 8; ++i) crc = (crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1) & 0xFFFF;
  }
  return {static_cast<char>(crc), static_cast<char>(crc >> 8)};
}

KeyPtr key_of(const Secret& seed) {
  return {EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr,
                                       reinterpret_cast<const unsigned char*>(seed.reveal().data()),
                                       seed.reveal().size()),
          EVP_PKEY_free};
}

Result<Secret> parse_seed(std::string_view text) {
  auto bytes = base32_decode(text);
  // Two bytes of kind, the seed, two of checksum.
  if (!bytes || bytes->size() != kKeySize + 4) {
    return usage("expected the seed of an NKey, SU and 56 further characters");
  }
  std::string_view seed = *bytes;
  if (checksum(seed.substr(0, kKeySize + 2)) != seed.substr(kKeySize + 2)) {
    return usage("the seed is damaged: its checksum is another one");
  }
  auto first = static_cast<unsigned char>(seed[0]), second = static_cast<unsigned char>(seed[1]);
  if ((first & 0xF8) != kSeed || ((first & 7) << 5 | second >> 3) != kUser) {
    return usage("this is no seed of a user, which begins with SU");
  }
  return Secret(std::string(seed.substr(2, kKeySize)));
}

std::string public_key_of(const Secret& seed) {
  KeyPtr key = key_of(seed);
  std::array<unsigned char, kKeySize> room{};
  size_t size = room.size();
  CHECK(key && EVP_PKEY_get_raw_public_key(key.get(), room.data(), &size) == 1);
  std::string bytes(1, static_cast<char>(kUser));
  bytes.append(reinterpret_cast<const char*>(room.data()), size);
  return base32_encode(bytes + checksum(bytes));
}

// The first line behind the one that says BEGIN and `title`.
std::string_view section(std::string_view text, std::string_view title) {
  for (size_t at = text.find("-----BEGIN "); at != text.npos; at = text.find("-----BEGIN ", at + 1)) {
    std::string_view rest = text.substr(at);
    size_t end = rest.find('\n');
    if (end == rest.npos) return {};
    if (rest.substr(0, end).find(title) == text.npos) continue;
    rest.remove_prefix(end + 1);
    return rest.substr(0, rest.find_first_of("\r\n"));
  }
  return {};
}

}  // namespace

Result<Credentials> Credentials::parse(std::string_view text) {
  Credentials made;
  std::string_view seed = section(text, "SEED"), token = section(text, "JWT");
  if (seed.empty() && text.find("-----BEGIN ") != text.npos)
    return usage("it holds no seed of a user's NKey");
  if (seed.empty()) {
    // Lines before it may be comments.
    while (text.starts_with('#')) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    seed = text.substr(0, text.find_first_of(" \t\r\n"));
  }
  SLUICE_ASSIGN(parsed, parse_seed(seed));
  made.seed = std::move(parsed);
  made.public_key = public_key_of(made.seed);
  made.token = Secret(std::string(token));
  return made;
}

std::string Credentials::sign(std::string_view nonce) const {
  KeyPtr key = key_of(seed);
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::array<char, 64> room{};
  size_t size = room.size();
  CHECK(key && context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1);
  CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(room.data()), &size,
                       reinterpret_cast<const unsigned char*>(nonce.data()), nonce.size()) == 1);
  std::string text(base64_size(size), '\0');
  base64_encode(text.data(), {room.data(), size});
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.erase(std::min(text.find('='), text.size()));
  return text;
}

}  // namespace sluice::nats
