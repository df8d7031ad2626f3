#include "app/control.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "app/json_object.h"
#include "base/check.h"
#include "base/log.h"

namespace sluice::app {
namespace {

constexpr std::string_view kName = "control.sock";
constexpr size_t kLineBytes = 1 << 20;  // of a request or an answer
constexpr int kPatienceSeconds = 5;     // with the other side of a connection

struct Folder {
  int fd;
  explicit Folder(const std::string& path) : fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {}
  ~Folder() {
    if (fd >= 0) ::close(fd);
  }
  // A socket's path has room for 107 bytes, a folder's name may be longer: so it goes through /proc.
  sockaddr_un address() const {
    sockaddr_un result{};
    result.sun_family = AF_UNIX;
    std::string path = fmt::format("/proc/self/fd/{}/{}", fd, kName);
    CHECK(path.size() < sizeof result.sun_path);
    std::memcpy(result.sun_path, path.data(), path.size());
    return result;
  }
};

void be_patient(int connection) {
  timeval patience{kPatienceSeconds, 0};
  ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

bool send_line(int connection, std::string line) {
  line += '\n';
  std::string_view rest = line;
  while (!rest.empty()) {
    ssize_t n = ::send(connection, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    rest.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

bool receive_line(int connection, std::string& line) {
  char part[4096];
  while (line.size() < kLineBytes) {
    ssize_t n = ::recv(connection, part, sizeof part, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    line.append(part, static_cast<size_t>(n));
    if (line.back() == '\n') {
      line.pop_back();
      return true;
    }
  }
  return false;
}

// Nothing: it is none.
std::optional<Request> parse_request(const std::string& line) {
  constexpr std::string_view kWords[] = {"status", "stop", "retry", "drop", "forget"};
  // JSON is YAML too.
  try {
    YAML::Node all = YAML::Load(line);
    if (!all.IsMap()) return std::nullopt;
    Request request{all["do"].as<std::string>()};
    if (all["sink"]) request.sink = all["sink"].as<std::string>();
    if (all["ids"]) request.ids = all["ids"].as<std::vector<uint64_t>>();
    if (std::find(std::begin(kWords), std::end(kWords), request.what) != std::end(kWords)) return request;
  } catch (const YAML::Exception&) {}
  return std::nullopt;
}

}  // namespace

std::string Request::json() const {
  JsonObject json;
  json.text("do", what);
  if (!sink.empty()) json.text("sink", sink);
  if (!ids.empty()) json.numbers("ids", ids);
  return json.str();
}

Result<std::unique_ptr<ControlServer>> ControlServer::start(const std::string& folder, Answer answer) {
  Folder place(folder);
  std::unique_ptr<ControlServer> server(new ControlServer);
  server->folder_ = folder;
  server->answer_ = std::move(answer);
  server->listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address = place.address();
  ::unlinkat(place.fd, std::string(kName).c_str(), 0);
  mode_t before = ::umask(0177);  // the owner's alone
  int bound = ::bind(server->listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
  int reason = errno;
  ::umask(before);
  if (bound != 0 || ::listen(server->listener_, 8) != 0) {
    return fatal("cannot open the control socket {}/{}: {}", folder, kName,
                 std::strerror(bound != 0 ? reason : errno));
  }
  server->end_ = ::eventfd(0, EFD_CLOEXEC);
  CHECK(server->end_ >= 0);
  server->thread_ = std::thread([raw = server.get()] { raw->serve(); });
  return server;
}

ControlServer::~ControlServer() {
  if (thread_.joinable()) {
    uint64_t one = 1;
    CHECK(::write(end_, &one, sizeof one) == sizeof one);
    thread_.join();
    ::unlink(fmt::format("{}/{}", folder_, kName).c_str());
  }
  for (int fd : {listener_, end_}) {
    if (fd >= 0) ::close(fd);
  }
}

void ControlServer::serve() {
  pthread_setname_np(pthread_self(), "control");
  for (;;) {
    pollfd waiting[] = {{listener_, POLLIN, 0}, {end_, POLLIN, 0}};
    if (::poll(waiting, 2, -1) < 0) continue;
    if (waiting[1].revents != 0) return;
    int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    talk(connection);
    ::close(connection);
  }
}

void ControlServer::talk(int connection) {
  be_patient(connection);
  std::string request;
  if (!receive_line(connection, request)) return;
  std::optional<Request> parsed = parse_request(request);
  send_line(connection,
            parsed ? answer_(*parsed)
                   : JsonObject().text("error", R"(expected {"do":WORD} of: status stop retry drop)").str());
}

Result<std::string> ask_control(const std::string& folder, const Request& request) {
  Folder place(folder);
  if (place.fd < 0) return usage("cannot open the state folder {}: {}", folder, std::strerror(errno));
  int connection = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection < 0) return fatal("cannot make a socket: {}", std::strerror(errno));
  be_patient(connection);
  sockaddr_un address = place.address();
  std::string answer;
  bool open = ::connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  int reason = errno;
  bool answered = open && send_line(connection, request.json()) && receive_line(connection, answer);
  if (open && !answered) reason = errno;
  ::close(connection);
  if (answered) return answer;
  if (!open && (reason == ENOENT || reason == ECONNREFUSED)) return std::string();
  return fatal("cannot ask the process of {}: {}", folder, std::strerror(reason));
}

}  // namespace sluice::app
