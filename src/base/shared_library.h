// SharedLibrary: a library of the system's that is looked for when it is first needed, so that whoever does
// not need it can do without.
#pragma once

#include <string_view>
#include <type_traits>

#include "base/result.h"

namespace sluice {

class SharedLibrary {
 public:
  // use: what it does for us, and packages: which bring it, as the message says them that it is not there.
  SharedLibrary(const char* name, std::string_view use, std::string_view packages);

  template <class Function>
  void find(Function*& function, const char* name) {
    function = reinterpret_cast<Function*>(symbol(name));
  }
  // Whether it is there, with everything that was to be found.
  Result<void> whole() const;

 private:
  void* symbol(const char* name);

  const char* name_;
  std::string_view use_, packages_;
  void* handle_;  // stays open: a function may be under way until the process ends
  std::string fault_;
};

}  // namespace sluice
