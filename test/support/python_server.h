// A server for tests that a script of tools/ starts; it ends with this process.
#pragma once

#include <string>

namespace sluice::test {

class PythonServer {
 public:
  // `script` finds tools/ in sys.argv[1]. It prints the server's address, a line, and then lives until its
  // stdin is closed.
  explicit PythonServer(const char* script);
  ~PythonServer();
  PythonServer(const PythonServer&) = delete;

  const std::string& url() const { return url_; }

 private:
  int stdin_ = -1;
  int process_ = -1;
  std::string url_;
};

}  // namespace sluice::test
