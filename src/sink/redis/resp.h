// RESP, the protocol of Redis: commands are written by hand, since one is written for each message; answers
// are read by hiredis' reader. hiredis' own connections know no TLS in the version at hand.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

struct redisReader;

namespace sluice {

// A command of `words` words; each of them is then appended.
void begin_command(Bytes& out, size_t words);
void append_word(Bytes& out, std::string_view word);
void append_number(Bytes& out, uint64_t number);
void append_command(Bytes& out, std::span<const std::string_view> words);

struct RespAnswer {
  std::string error;  // empty: none
  std::string text;   // of a text, or of an array whose first element is one
  int64_t number = 0;
  // Of an array: its elements that are errors, by index, and how many elements there are.
  std::vector<std::pair<size_t, std::string>> errors;
  size_t elements = 0;
};

class RespReader {
 public:
  RespReader();
  // Of the bytes fed so far: the next answer, or nothing yet. Retryable where they are no RESP.
  Result<std::optional<RespAnswer>> next();
  void feed(std::string_view bytes);

 private:
  std::unique_ptr<redisReader, void (*)(redisReader*)> reader_;
};

// Whether the server says that it cannot now, and may later: out of memory, loading, read-only, a cluster
// without a leader, a login that is no longer good.
bool is_passing(std::string_view error);

}  // namespace sluice
