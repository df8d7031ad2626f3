// What tells a peer that is silent from one that is gone: probes of TCP while nothing is under way, a bound
// for what is.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace sluice {

// A peer that acknowledges nothing for a minute and a half breaks the connection. The kernel's own patience
// is two hours, and a quarter of an hour for what was sent.
inline void find_dead_peers(int socket) {
  constexpr int kIdleSeconds = 30, kProbeSeconds = 10, kProbes = 6;
  constexpr int kUnacknowledgedMs = (kIdleSeconds + kProbeSeconds * kProbes) * 1000;
  auto set = [socket](int level, int name, int value) {
    setsockopt(socket, level, name, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kIdleSeconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kProbeSeconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, kProbes);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, kUnacknowledgedMs);
}

}  // namespace sluice
