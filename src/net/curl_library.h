// libcurl, loaded when the first client is made. It brings some thirty more shared libraries (LDAP, Kerberos,
// SSH), which would cost every other run of the program half of its start. Included by http_client.cpp alone.
#pragma once

#include <curl/curl.h>

#include "base/result.h"

namespace sluice {

struct CurlLibrary {
  decltype(&curl_global_init) global_init;
  decltype(&curl_easy_init) easy_init;
  decltype(&curl_easy_setopt) setopt;
  decltype(&curl_easy_getinfo) getinfo;
  decltype(&curl_easy_strerror) strerror;
  decltype(&curl_easy_cleanup) easy_cleanup;
  decltype(&curl_multi_init) multi_init;
  decltype(&curl_multi_setopt) multi_setopt;
  decltype(&curl_multi_add_handle) add_handle;
  decltype(&curl_multi_remove_handle) remove_handle;
  decltype(&curl_multi_perform) perform;
  decltype(&curl_multi_info_read) info_read;
  decltype(&curl_multi_poll) poll;
  decltype(&curl_multi_cleanup) multi_cleanup;
};

// Ready for use, from any thread; stays to the end of the process.
Result<const CurlLibrary*> load_curl();

}  // namespace sluice
