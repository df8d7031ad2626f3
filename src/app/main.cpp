#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/command_line.h"
#include "app/connection.h"
#include "app/help.h"
#include "app/terminal.h"
#include "base/one_line.h"

namespace sluice::app {
namespace {

// Tells why on stderr and gives the exit code.
int report(const Error& error, std::string_view command) {
  if (error.fault == Fault::Stopped) return 0;
  Look look = Look::of(STDERR_FILENO);
  std::string lead = look.red(command.empty() ? "sluice:" : fmt::format("sluice {}:", command));
  std::string_view rest = error.what;
  while (true) {
    size_t end = rest.find('\n');
    fmt::print(stderr, "{} {}\n", lead, on_one_line(rest.substr(0, end)));
    if (end == rest.npos) break;
    rest.remove_prefix(end + 1);
  }
  return error.fault == Fault::Usage ? 2 : 1;
}

int hint(const Error& error, std::string_view command) {
  int code = report(error, command);
  fmt::print(stderr, "Try 'sluice {}{}--help'.\n", command, command.empty() ? "" : " ");
  return code;
}

int print_or_fail(const std::string& text) {
  auto printed = print(text);
  return printed ? 0 : report(printed.error(), "");
}

Failure unknown_command(const std::string& word) {
  std::vector<std::string> names;
  for (const Command* command : commands()) names.emplace_back(command->name);
  std::string near = nearest(word, names);
  if (!near.empty()) return usage("there is no command '{}'; did you mean '{}'?", word, near);
  return usage("there is no command '{}'", word);
}

int run(const std::vector<std::string>& words) {
  if (words.empty()) {
    fmt::print(stderr, "{}", help_overview(Look::of(STDERR_FILENO)));
    return 2;
  }
  std::string verb = words.front();
  if (verb == "--help" || verb == "-h") return print_or_fail(help_overview(Look::of(STDOUT_FILENO)));
  if (verb == "--version" || verb == "-V") verb = "version";
  const Command* command = find_command(verb);
  if (!command) return hint(unknown_command(verb).value(), "");
  auto invocation = parse_command_line(*command, {words.begin() + 1, words.end()});
  if (!invocation) return hint(invocation.error(), verb);
  if (invocation->common().boolean("help")) return print_or_fail(help_of(*command, Look::of(STDOUT_FILENO)));
  set_log_level(invocation->common());
  auto code = command->run(*invocation);
  return code ? *code : report(code.error(), verb);
}

// Where the caller has closed one of the first three descriptors, a file or a socket would get its number,
// and lines or messages would end up there. What stands in refuses to be written.
void hold_standard_descriptors() {
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    int place = ::open("/", O_PATH);
    if (place >= 0 && place != fd) {
      ::dup2(place, fd);
      ::close(place);
    }
  }
}

}  // namespace
}  // namespace sluice::app

int main(int argc, char** argv) {
  sluice::app::hold_standard_descriptors();
  // A closed pipe or socket is told by write(): `| head` ends us quietly, a lost server does not end us at
  // all.
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> words(argv + 1, argv + argc);
  sluice::app::scrub_arguments(argc, argv);
  return sluice::app::run(words);
}
