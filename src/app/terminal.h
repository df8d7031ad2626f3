// What stands at the other end of stdout and stderr, and what may therefore be written there.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace sluice::app {

bool is_terminal(int fd);
// How text for this file descriptor may look: colours on a terminal only, and never with NO_COLOR set
// (no-color.org).
struct Look {
  bool colours = false;
  unsigned width = 100;  // columns

  static Look of(int fd);
  std::string bold(std::string_view text) const { return paint("1", text); }
  std::string faint(std::string_view text) const { return paint("2", text); }
  std::string red(std::string_view text) const { return paint("31", text); }
  std::string green(std::string_view text) const { return paint("32", text); }
  std::string yellow(std::string_view text) const { return paint("33", text); }
  std::string cyan(std::string_view text) const { return paint("36", text); }
  std::string paint(std::string_view code, std::string_view text) const;
};

// Breaks at spaces so that no line is longer than `width` where that can be; every line but the first starts
// with `indent` spaces.
std::string wrap(std::string_view text, unsigned indent, unsigned width);

// Asks on the terminal, without echo. A Usage fault where there is no terminal; Stopped at Ctrl-C.
Result<Secret> ask_password(std::string_view prompt);

// All of it to stdout, or quietly as much as the reader wanted (`| head`).
Result<void> print(std::string_view text);

}  // namespace sluice::app
