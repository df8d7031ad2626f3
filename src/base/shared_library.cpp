#include "base/shared_library.h"

#include <dlfcn.h>

namespace sluice {

SharedLibrary::SharedLibrary(const char* name, std::string_view use, std::string_view packages)
    : name_(name), use_(use), packages_(packages), handle_(dlopen(name, RTLD_NOW | RTLD_LOCAL)) {
  if (!handle_) fault_ = dlerror();
}

void* SharedLibrary::symbol(const char* name) {
  if (!handle_) return nullptr;
  void* found = dlsym(handle_, name);
  if (!found && fault_.empty()) fault_ = dlerror();
  return found;
}

Result<void> SharedLibrary::whole() const {
  if (fault_.empty()) return {};
  return fatal("cannot load {}, which {}: {}; install the package {}", name_, use_, fault_, packages_);
}

}  // namespace sluice
