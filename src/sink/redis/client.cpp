#include "sink/redis/client.h"

#include "base/url.h"
#include "net/first_of.h"
#include "net/tls_options.h"

namespace sluice::redis {
namespace {

Result<Address> read_address(const Settings& settings, const std::string& text) {
  Address made;
  auto url = parse_url(text);
  if (!url) return while_doing(settings.where("url"), std::move(url).error());
  bool tcp = url->scheme == "redis" || url->scheme == "rediss";
  if (!tcp && url->scheme != "unix") {
    return usage("{}: url: '{}': expected redis://, rediss:// or unix://", settings.where("url"),
                 safe_url(text));
  }
  const bool encrypted = url->scheme == "rediss";
  for (std::string_view option : {"tls_ca", "tls_verify", "tls_cert", "tls_key"}) {
    if (encrypted || !settings.given(option)) continue;
    return usage("{}: {} is of use with rediss:// only", settings.where(option), option);
  }
  SLUICE_ASSIGN(tls, read_tls(settings));
  made.server.tls = std::move(tls);
  made.server.tls.on = encrypted;
  made.server.patience = settings.duration("timeout");
  made.password = settings.given("password") ? settings.secret("password") : url->password;
  made.has_password = settings.given("password") || (tcp && url->has_password);
  if (!tcp) {
    made.server.socket = "/" + url->path;
    return made;
  }
  made.server.host = url->host;
  made.server.port = url->port != 0 ? url->port : 6379;
  made.user = url->user;
  if (url->path.empty()) return made;
  bool digits = url->path.find_first_not_of("0123456789") == std::string::npos && url->path.size() < 9;
  if (!digits) {
    return usage("{}: url: '{}': expected the number of a database behind the host, not '{}'",
                 settings.where("url"), safe_url(text), url->path);
  }
  made.database = std::stoul(url->path);
  return made;
}

}  // namespace

Result<std::vector<Address>> read_addresses(const Settings& settings, bool several) {
  std::vector<Address> made;
  std::string text = settings.secret("url").reveal();
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = several ? std::min(text.find(',', begin), text.size()) : text.size();
    SLUICE_ASSIGN(address, read_address(settings, text.substr(begin, end - begin)));
    made.push_back(std::move(address));
    begin = end + 1;
  }
  return made;
}

Result<void> Client::connect() {
  auto result =
      first_of(addresses_.size(), at_, [&](size_t number) { return connect_to(addresses_[number]); });
  if (!result) stream_.reset();
  // A certificate that was good before may be so again, and a handshake that was disturbed looks like a bad
  // one.
  bool waits = !result && was_open_ && result.error().fault == Fault::Fatal;
  if (waits) return retryable("{}", result.error().what);
  was_open_ |= result.has_value();
  return result;
}

Result<void> Client::connect_to(const Address& address) {
  stream_.reset();
  reader_ = {};
  SLUICE_ASSIGN(stream, Stream::connect(address.server, interrupt_));
  stream_ = std::move(stream);
  if (address.has_password) {
    std::string password = address.password.reveal();
    std::vector<std::string_view> words = {"AUTH"};
    if (!address.user.empty()) words.push_back(address.user);
    words.push_back(password);
    SLUICE_TRY(ask(words, "logging in to"));
  }
  std::string database = std::to_string(address.database);
  if (address.database != 0) {
    SLUICE_TRY(ask(std::vector<std::string_view>{"SELECT", database}, "choosing the database of"));
  }
  SLUICE_TRY(ask(std::vector<std::string_view>{"PING"}, "asking"));
  if (addresses_.size() == 1) return {};
  SLUICE_ASSIGN(role, ask(std::vector<std::string_view>{"ROLE"}, "asking for the role of"));
  if (role.text == "master") return {};
  return retryable("{} is a {} and no master", address.server.describe(), role.text);
}

Result<RespAnswer> Client::ask(std::span<const std::string_view> words, std::string_view doing) {
  command_.clear();
  append_command(command_, words);
  SLUICE_TRY(send(command_.view()));
  SLUICE_ASSIGN(answered, answer());
  if (answered.error.empty()) return answered;
  return is_passing(answered.error) ? retryable("{} {}: {}", doing, describe(), answered.error)
                                    : fatal("{} {}: {}", doing, describe(), answered.error);
}

Result<RespAnswer> Client::answer() {
  for (;;) {
    SLUICE_ASSIGN(answered, reader_.next());
    if (answered) return std::move(*answered);
    char room[16384];
    SLUICE_ASSIGN(taken, stream_->read(room, sizeof room));
    reader_.feed({room, taken});
  }
}

}  // namespace sluice::redis
