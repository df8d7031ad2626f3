#include "sink/registry/options.h"

#include <algorithm>

#include "base/url.h"
#include "format/registry_options.h"

namespace sluice::registry {
namespace {

constexpr std::string_view kDependents[] = {
    "subject",     "register",        "registry_user", "registry_password", "registry_bearer",
    "registry_ca", "registry_verify", "registry_cert", "registry_key",      "registry_timeout"};

Result<std::string> url_of(std::string text, const std::string& where) {
  if (!text.starts_with("http://") && !text.starts_with("https://")) {
    return usage("{}: registry: '{}': expected http:// or https://", where, safe_url(text));
  }
  auto url = parse_url(text);
  if (!url) return while_doing(where, std::move(url).error());
  if (!url->user.empty() || url->has_password) {
    return usage(
        "{}: registry: '{}': a name or password in the URL would be seen in logs; use the options "
        "registry_user "
        "and registry_password",
        where, safe_url(text));
  }
  if (url->host.empty()) return usage("{}: registry: '{}' names no host", where, text);
  bool plain = std::none_of(text.begin(), text.end(),
                            [](unsigned char c) { return c <= ' ' || c == 0x7f || c == '?' || c == '#'; });
  if (!plain)
    return usage("{}: registry: '{}': expected a host and a path, nothing behind it", where, safe_url(text));
  while (text.ends_with('/')) text.pop_back();
  return text;
}

}  // namespace

Result<std::optional<RegistryOptions>> parse_options(const Settings& settings) {
  bool known = std::any_of(settings.options().begin(), settings.options().end(),
                           [](const Option& option) { return option.name == "registry"; });
  if (!known) return std::nullopt;
  std::vector<std::string> urls = settings.list("registry");
  if (urls.empty()) {
    for (std::string_view option : kDependents) {
      if (!settings.given(option)) continue;
      return usage(
          "{}: {} says something of a registry, and there is none; say registry: URL, or leave it out",
          settings.where(option), option);
    }
    return std::nullopt;
  }
  RegistryOptions made;
  for (std::string& url : urls) {
    SLUICE_ASSIGN(checked, url_of(std::move(url), settings.where("registry")));
    made.urls.push_back(std::move(checked));
  }
  if (settings.given("registry_cert") != settings.given("registry_key")) {
    std::string_view one = settings.given("registry_cert") ? "registry_cert" : "registry_key";
    return usage("{}: registry_cert and registry_key belong together; only one is given",
                 settings.where(one));
  }
  made.client.user = settings.text("registry_user");
  made.client.password = settings.secret("registry_password");
  made.client.bearer = settings.secret("registry_bearer");
  if (made.client.user.empty() != made.client.password.empty()) {
    std::string_view one = made.client.user.empty() ? "registry_password" : "registry_user";
    return usage("{}: registry_user and registry_password belong together; only one is given",
                 settings.where(one));
  }
  if (!made.client.user.empty() && !made.client.bearer.empty()) {
    return usage("{}: a login is by registry_user or by registry_bearer, not by both",
                 settings.where("registry_bearer"));
  }
  made.client.ca_option = kRegistryCa.name;
  made.client.tls.ca = settings.text(kRegistryCa.name);
  made.client.tls.verify = settings.boolean("registry_verify");
  made.client.tls.certificate = settings.text("registry_cert");
  made.client.tls.key = settings.text("registry_key");
  made.client.follow = true;
  made.client.patience = settings.duration("registry_timeout");
  using Subject = RegistryOptions::Subject;
  std::string subject = settings.text("subject");
  if (subject == "topic_name") made.subject = Subject::TopicName;
  if (subject == "record_name") made.subject = Subject::RecordName;
  if (subject == "topic_record_name") made.subject = Subject::TopicRecordName;
  made.registers = settings.boolean("register");
  return made;
}

}  // namespace sluice::registry
