#include "base/login.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace sluice::login {
namespace {

Result<Secret> read_password_file(const std::string& path, const std::string& where) {
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (!file) return usage("{}: the password file {} cannot be read: {}", where, path, std::strerror(errno));
  char line[1024];
  bool read = std::fgets(line, sizeof line, file) != nullptr;
  std::fclose(file);
  std::string text = read ? line : "";
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return usage("{}: the password file {} is empty", where, path);
  return Secret(std::move(text));
}

}  // namespace

Result<Secret> password(const Settings& settings, const Secret& of_url) {
  if (settings.given("password_file")) {
    return read_password_file(settings.text("password_file"), settings.where("password_file"));
  }
  if (settings.given("password_env")) {
    std::string name = settings.text("password_env");
    const char* value = std::getenv(name.c_str());
    if (!value)
      return usage("{}: the environment variable {} is not set", settings.where("password_env"), name);
    return Secret(value);
  }
  return of_url;
}

Result<void> check_readable(const Settings& settings, std::initializer_list<std::string_view> options) {
  for (std::string_view name : options) {
    if (!settings.given(name)) continue;
    std::FILE* file = std::fopen(settings.text(name).c_str(), "re");
    struct stat facts;
    bool folder = file && ::fstat(::fileno(file), &facts) == 0 && S_ISDIR(facts.st_mode);
    int reason = folder ? EISDIR : errno;
    if (file) std::fclose(file);
    if (!file || folder) {
      return usage("{}: {}: the file {} cannot be read: {}", settings.where(name), name, settings.text(name),
                   std::strerror(reason));
    }
  }
  return {};
}

Result<void> check_files(const Settings& settings, std::initializer_list<std::string_view> options) {
  SLUICE_TRY(check_readable(settings, options));
  if (settings.text("tls_cert").empty() != settings.text("tls_key").empty()) {
    return usage("{}: tls_cert and tls_key belong together; only one is given", settings.where("url"));
  }
  return {};
}

}  // namespace sluice::login
