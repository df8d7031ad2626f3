#include "support/child.h"

#include <fmt/core.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/check.h"

namespace sluice::test {
namespace {

int result_pipe = -1;

[[noreturn]] void end_child(const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    ssize_t n = write(result_pipe, text.data() + done, text.size() - done);
    if (n <= 0) _exit(1);
    done += static_cast<size_t>(n);
  }
  _exit(0);
}

}  // namespace

std::string in_child(const std::function<std::string()>& work) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    close(ends[0]);
    result_pipe = ends[1];
    end_child(work());
  }
  close(ends[1]);
  std::string text;
  char room[4096];
  for (ssize_t n; (n = read(ends[0], room, sizeof room)) > 0;) text.append(room, static_cast<size_t>(n));
  close(ends[0]);
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  if (WIFSIGNALED(status)) return fmt::format("killed by signal {}", WTERMSIG(status));
  return text;
}

void become_nobody() {
  constexpr uid_t kNobody = 65534;
  if (geteuid() != 0) return;
  if (setegid(kNobody) != 0 || seteuid(kNobody) != 0) end_child("cannot give up root");
}

void mount_small_disk(const std::string& folder, size_t bytes) {
  int spaces = CLONE_NEWNS | (geteuid() == 0 ? 0 : CLONE_NEWUSER);
  std::string size = fmt::format("size={}", bytes);
  // Private first: the mount must not be seen outside.
  if (unshare(spaces) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("tmpfs", folder.c_str(), "tmpfs", 0, size.c_str()) != 0) {
    end_child(fmt::format("cannot mount a small disk: {}; this test needs root or user namespaces",
                          std::strerror(errno)));
  }
}

}  // namespace sluice::test
