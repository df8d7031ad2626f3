// ChangeStamp: when a change was committed and what names it for good, as two JSON strings. The changes of a
// transaction share all of it but the number at its end.
#pragma once

#include <string>

#include "format/spell.h"
#include "model/batch.h"

namespace sluice {

// One thread's own.
class ChangeStamp {
 public:
  // `between`: what stands between the two, `","id":"` with the quotes of both.
  explicit ChangeStamp(std::string between) : between_(std::move(between)) {}

  // What put() may write.
  static size_t bound(const Batch& batch, const Change& change) {
    return 6 * batch.transactions[change.transaction].id.size() + 2 * kScalarBytes + kPadding;
  }

  // 2026-01-15T10:30:00.123456Z","id":"0-1-42#7"; with microseconds where the log has them. The room needs
  // kSlack bytes more, and `between`.
  char* put(char* out, const Batch& batch, const Change& change) {
    bool same = batch.sequence == batch_ && batch_ != 0 && change.event == event_ &&
                change.transaction == transaction_;
    if (__builtin_expect(!same, 0)) renew(batch, change);
    size_t size = text_.size() - kPadding;
    for (size_t i = 0; i < size; i += kPadding) std::memcpy(out + i, text_.data() + i, kPadding);
    out = spell_uint(out + size, change.index);
    *out++ = '"';
    return out;
  }

 private:
  static constexpr size_t kPadding = 32;  // kept behind the text, for copies of fixed size

  void renew(const Batch& batch, const Change& change);

  const std::string between_;
  std::string text_;  // up to the #, padded
  std::string id_;    // of the transaction in it
  uint64_t us_ = 0;
  bool fraction_ = false;
  uint64_t batch_ = 0;  // it is of these; 0: of nothing
  uint32_t transaction_ = 0, event_ = 0;
  DayMemo day_;
};

}  // namespace sluice
