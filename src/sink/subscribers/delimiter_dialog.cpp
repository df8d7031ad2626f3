#include "sink/subscribers/delimiter_dialog.h"

#include "net/websocket.h"

namespace sluice::subscribers {
namespace {

constexpr std::string_view kTick = "tick";

}  // namespace

bool DelimiterDialog::take(std::string_view bytes, Bytes& out) {
  input_.append(bytes);
  std::string_view rest = input_;
  for (;;) {
    while (rest.starts_with(kTick)) {
      rest.remove_prefix(kTick.size());
      searched_ = 0;
      ticked_ = true;
    }
    size_t end = rest.find(kDelimiter, std::exchange(searched_, 0));
    if (end == rest.npos) break;
    // What follows a tick belongs to it.
    if (end > 0 && !ticked_ && !request(rest.substr(0, end), out)) return false;
    rest.remove_prefix(end + kDelimiter.size());
    ticked_ = false;
  }
  if (rest.size() > Door::kMostBytes) {
    return refuse(websocket::kTooBig, "a request of more than 64 KiB", out);
  }
  input_.erase(0, input_.size() - rest.size());
  searched_ = input_.size() < kDelimiter.size() ? 0 : input_.size() - kDelimiter.size() + 1;
  return true;
}

}  // namespace sluice::subscribers
