#include "net/curl_library.h"

#include "base/shared_library.h"

namespace sluice {
namespace {

// The name that libcurl has kept since 7.16 (2006): a major version of its interface.
constexpr const char* kName = "libcurl.so.4";

Result<CurlLibrary> load() {
  SharedLibrary library(kName, "sends by HTTP", "libcurl4 (Debian, Ubuntu) or libcurl");
  CurlLibrary curl;
  library.find(curl.global_init, "curl_global_init");
  library.find(curl.easy_init, "curl_easy_init");
  library.find(curl.setopt, "curl_easy_setopt");
  library.find(curl.getinfo, "curl_easy_getinfo");
  library.find(curl.strerror, "curl_easy_strerror");
  library.find(curl.easy_cleanup, "curl_easy_cleanup");
  library.find(curl.multi_init, "curl_multi_init");
  library.find(curl.multi_setopt, "curl_multi_setopt");
  library.find(curl.add_handle, "curl_multi_add_handle");
  library.find(curl.remove_handle, "curl_multi_remove_handle");
  library.find(curl.perform, "curl_multi_perform");
  library.find(curl.info_read, "curl_multi_info_read");
  library.find(curl.poll, "curl_multi_poll");
  library.find(curl.multi_cleanup, "curl_multi_cleanup");
  SLUICE_TRY(library.whole());
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
