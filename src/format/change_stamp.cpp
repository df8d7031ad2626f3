#include "format/change_stamp.h"

#include "format/json_text.h"

namespace sluice {

void ChangeStamp::renew(const Batch& batch, const Change& change) {
  batch_ = batch.sequence;
  transaction_ = change.transaction;
  event_ = change.event;
  const Transaction& transaction = batch.transactions[change.transaction];
  bool fraction = transaction.commit_us != 0;
  uint64_t us = fraction ? transaction.commit_us : uint64_t{batch.events[change.event].timestamp} * 1'000'000;
  if (us == us_ && fraction == fraction_ && transaction.id == id_ && !text_.empty()) return;
  us_ = us;
  fraction_ = fraction;
  id_.assign(transaction.id);
  char time[kScalarBytes];
  char* end = day_.spell(time, us / 1'000'000, 'T');
  if (fraction) end = spell_fraction(end, static_cast<uint32_t>(us % 1'000'000), 6);
  text_.assign(time, static_cast<size_t>(end - time));
  text_ += 'Z';
  text_ += between_;
  // A log file's name is whatever the server was told.
  size_t begin = text_.size();
  text_.resize(begin + 6 * transaction.id.size() + kSlack);
  end = spell_json_text(text_.data() + begin, transaction.id);
  text_.resize(static_cast<size_t>(end - text_.data()));
  text_ += '#';
  text_.append(kPadding, ' ');
}

}  // namespace sluice
