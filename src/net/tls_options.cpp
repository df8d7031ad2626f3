#include "net/tls_options.h"

#include "base/login.h"

namespace sluice {

Result<TlsSetup> read_tls(const Settings& settings) {
  if (settings.given("tls_cert") != settings.given("tls_key")) {
    std::string_view one = settings.given("tls_cert") ? "tls_cert" : "tls_key";
    return usage("{}: tls_cert and tls_key belong together; only one is given", settings.where(one));
  }
  SLUICE_TRY(login::check_readable(settings, {"tls_ca", "tls_cert", "tls_key"}));
  TlsSetup tls;
  tls.ca = settings.text("tls_ca");
  tls.verify = settings.boolean("tls_verify");
  tls.certificate = settings.text("tls_cert");
  tls.key = settings.text("tls_key");
  return tls;
}

}  // namespace sluice
