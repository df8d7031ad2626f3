// The dialog of wing-binlog 2.2's TCP clients: `tick`, with or without the delimiter, keeps the connection;
// anything else between delimiters is a request in JSON.
#pragma once

#include "sink/subscribers/dialog.h"

namespace sluice::subscribers {

class DelimiterDialog final : public Dialog {
 public:
  explicit DelimiterDialog(const Door& door) : Dialog(door) {}
  bool take(std::string_view bytes, Bytes& out) override;

 private:
  std::string input_;
  size_t searched_ = 0;  // of input_: there is no delimiter
  bool ticked_ = false;  // what begins input_ began with a tick, which was taken away
};

}  // namespace sluice::subscribers
