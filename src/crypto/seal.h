// Seal: bytes that have to lie on a disk for a while, and that nobody is to read there without the key. It
// hides them; it does not tell whether somebody changed them.
//
// A head stands in front: a mark that begins nothing else here, a nonce, and what tells one key from another.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "crypto/aes.h"

namespace sluice {

constexpr size_t kSealHead = 8 + AesStream::kNonce + 8;

struct BegunSeal {
  std::string head;  // kSealHead bytes, in plain
  AesStream stream;  // for what follows
};
BegunSeal begin_seal(const Secret& key);

// Whether these bytes begin as sealed ones do.
bool is_sealed(std::string_view bytes);
// A Fatal fault: `head` is of another key, or there is none.
Result<AesStream> open_seal(const Secret& key, std::string_view head);

// All at once. What was never sealed is opened as it is; with an empty key nothing is sealed.
std::string sealed(const Secret& key, std::string bytes);
Result<std::string> unsealed(const Secret& key, std::string bytes);

}  // namespace sluice
