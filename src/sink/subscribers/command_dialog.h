// The dialog of wing-binlog-go's TCP clients, in frames of commands.
#pragma once

#include "sink/subscribers/dialog.h"

namespace sluice::subscribers {

class CommandDialog final : public Dialog {
 public:
  explicit CommandDialog(const Door& door) : Dialog(door) {}
  bool take(std::string_view bytes, Bytes& out) override;

 private:
  bool hear(uint16_t command, std::string_view content, Bytes& out);
  bool set_topic(std::string_view content, Bytes& out);

  std::string input_;
};

}  // namespace sluice::subscribers
