// Credentials: a login by an Ed25519 key of NATS (an NKey): alone, or with the token that says what it may do
// (a .creds file). The server sends a nonce, which the key signs.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace sluice::nats {

struct Credentials {
  Secret seed;             // 32 bytes of the private key; empty: there are none
  std::string public_key;  // as servers spell it, U...
  Secret token;            // a JWT; empty: the key alone

  // Of the text of a .creds file, or of a file that holds a seed (SU...) alone. The words of a Usage fault
  // hold nothing of it.
  static Result<Credentials> parse(std::string_view text);
  // The signature, as servers want it: base64 for URLs without padding.
  std::string sign(std::string_view nonce) const;
};

}  // namespace sluice::nats
