#include "support/python_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"

namespace sluice::test {

PythonServer::PythonServer(const char* script) {
  int in[2], out[2];
  CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
  process_ = fork();
  CHECK(process_ >= 0);
  if (process_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    execl("/usr/bin/python3", "python3", "-c", script, SLUICE_TEST_DIR "/../tools", nullptr);
    _exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  stdin_ = in[1];
  for (char c; ::read(out[0], &c, 1) == 1 && c != '\n';) url_ += c;
  ::close(out[0]);
}

PythonServer::~PythonServer() {
  ::close(stdin_);
  waitpid(process_, nullptr, 0);
}

}  // namespace sluice::test
