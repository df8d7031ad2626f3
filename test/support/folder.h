// TemporaryFolder: a folder of its own for one test, removed with all that is in it; in memory where the
// machine has such a place, because many tests write what no disk need keep.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "base/check.h"

namespace sluice::test {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::error_code reason;
    bool memory = std::filesystem::is_directory("/dev/shm", reason) && access("/dev/shm", W_OK) == 0;
    std::string base = memory ? "/dev/shm" : std::filesystem::temp_directory_path().string();
    std::string name = base + "/sluice-test-XXXXXX";
    CHECK(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace sluice::test
