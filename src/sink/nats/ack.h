// Ack: what JetStream answers to a message that was published.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::nats {

struct Ack {
  // The codes of server/errors.json that are of consequence here.
  static constexpr int kNoStream =
      -1;  // nobody listens on the subject: an answer of the server, not of JetStream
  static constexpr int kNotReadable = -2;
  static constexpr int kTooLarge = 10054;     // for the stream (max_msg_size)
  static constexpr int kOtherStream = 10060;  // not the one that the message named
  static constexpr int kNoSuchStream = 10059;
  static constexpr int kNotEnabled = 10076, kNotEnabledForAccount = 10039;

  std::string stream;
  uint64_t sequence = 0;  // of the message in the stream; a duplicate's is that of the first one
  bool duplicate = false;
  int code = 0;        // 0: taken
  std::string reason;  // why not
};

// `headers` and `body` of the answer.
Ack parse_ack(std::string_view headers, std::string_view body);

// Of the answer to any request of JetStream's: the code and reason of its error, if it has one.
bool has_error(std::string_view body, int& code, std::string& reason);

}  // namespace sluice::nats
