#include "app/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace sluice::app {
namespace {

constexpr char kCtrlC = 3;

}  // namespace

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

Look Look::of(int fd) {
  Look look;
  if (!is_terminal(fd)) return look;
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  look.colours = (!no_color || !*no_color) && (!term || std::strcmp(term, "dumb") != 0);
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    look.width = std::clamp<unsigned>(size.ws_col, 40, 110);
  }
  return look;
}

std::string Look::paint(std::string_view code, std::string_view text) const {
  if (!colours) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string wrap(std::string_view text, unsigned indent, unsigned width) {
  std::string result;
  size_t column = indent;
  while (!text.empty()) {
    size_t end = std::min(text.find(' '), text.size());
    std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (column > indent && column + 1 + word.size() > width) {
      result.append("\n").append(indent, ' ');
      column = indent;
    } else if (column > indent) {
      result += ' ';
      ++column;
    }
    result += word;
    column += word.size();
  }
  return result;
}

Result<Secret> ask_password(std::string_view prompt) {
  int tty = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  termios before{};
  if (tty < 0 || ::tcgetattr(tty, &before) != 0) {
    if (tty >= 0) ::close(tty);
    return usage(
        "cannot ask for the password: there is no terminal; give it in SLUICE_PASSWORD or by a password "
        "file");
  }
  termios silent = before;
  // Ctrl-C comes as a byte: as a signal it would leave the terminal without echo.
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
  ::tcsetattr(tty, TCSAFLUSH, &silent);
  std::string question = fmt::format("{}: ", prompt);
  [[maybe_unused]] ssize_t asked = ::write(tty, question.data(), question.size());
  std::string answer;
  char c;
  ssize_t got;
  while ((got = ::read(tty, &c, 1)) == 1 && c != '\n' && c != kCtrlC) answer += c;
  ::tcsetattr(tty, TCSAFLUSH, &before);
  [[maybe_unused]] ssize_t ended = ::write(tty, "\n", 1);
  ::close(tty);
  if (got == 1 && c == kCtrlC) return stopped();
  if (got < 0) return fatal("cannot read the password from the terminal: {}", std::strerror(errno));
  return Secret(std::move(answer));
}

Result<void> print(std::string_view text) {
  while (!text.empty()) {
    ssize_t n = ::write(STDOUT_FILENO, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EPIPE) return {};
    if (n < 0) return fatal("cannot write to stdout: {}", std::strerror(errno));
    text.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

}  // namespace sluice::app
