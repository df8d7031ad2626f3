// Spool: streams of bytes set aside in a folder under names, until somebody wants them or gives them up. One
// is written at a time, and one read. Memory holds a buffer of each.
#pragma once

#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice {

class Spool {
 public:
  // The folder is made when it is needed. Empty: a temporary one, which goes with the spool.
  explicit Spool(std::string folder) : folder_(std::move(folder)) {}
  ~Spool();

  // A stream is of no name until keep(), which has it on disk before it returns, unless the loss of power may
  // take it; drop() forgets it.
  Result<void> begin();
  Result<void> append(std::string_view bytes);
  Result<void> keep(const std::string& name, bool over_power_loss = true);
  void drop();

  bool has(const std::string& name) const;
  Result<void> open(const std::string& name);
  // How many came: fewer than `n` only at the end.
  Result<size_t> read(char* to, size_t n);
  void close() { reading_.reset(); }

  void remove(const std::string& name) const;
  // Of all streams; what was begun and never kept, because its process died, goes.
  std::vector<std::string> names() const;

 private:
  struct Close {
    void operator()(std::FILE* file) const { (void)std::fclose(file); }
  };
  Result<void> make_folder();
  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  std::string folder_;
  bool made_ = false;
  bool temporary_ = false;
  std::unique_ptr<std::FILE, Close> writing_, reading_;
};

}  // namespace sluice
