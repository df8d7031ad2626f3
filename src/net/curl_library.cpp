#include "net/curl_library.h"

#include <dlfcn.h>

#include <utility>

namespace sluice {
namespace {

// The name that libcurl has kept since 7.16 (2006): a major version of its interface.
constexpr const char* kName = "libcurl.so.4";

Failure not_loaded() {
  return fatal(
      "cannot load {}, which sends by HTTP: {}; install the package libcurl4 (Debian, Ubuntu) or libcurl",
      kName, dlerror());
}

Result<CurlLibrary> load() {
  void* library = dlopen(kName, RTLD_NOW | RTLD_LOCAL);
  if (!library) return not_loaded();
  CurlLibrary curl;
  bool whole = true;
  auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    whole = whole && function;
  };
  find(curl.global_init, "curl_global_init");
  find(curl.easy_init, "curl_easy_init");
  find(curl.setopt, "curl_easy_setopt");
  find(curl.getinfo, "curl_easy_getinfo");
  find(curl.strerror, "curl_easy_strerror");
  find(curl.easy_cleanup, "curl_easy_cleanup");
  find(curl.multi_init, "curl_multi_init");
  find(curl.multi_setopt, "curl_multi_setopt");
  find(curl.add_handle, "curl_multi_add_handle");
  find(curl.remove_handle, "curl_multi_remove_handle");
  find(curl.perform, "curl_multi_perform");
  find(curl.info_read, "curl_multi_info_read");
  find(curl.poll, "curl_multi_poll");
  find(curl.multi_cleanup, "curl_multi_cleanup");
  if (!whole) return not_loaded();
  if (CURLcode code = curl.global_init(CURL_GLOBAL_DEFAULT); code != CURLE_OK) {
    return fatal("cannot begin to use {}: {}", kName, curl.strerror(code));
  }
  return curl;
}

}  // namespace

Result<const CurlLibrary*> load_curl() {
  static const Result<CurlLibrary> curl = load();
  if (!curl) return Failure(curl.error());
  return &*curl;
}

}  // namespace sluice
