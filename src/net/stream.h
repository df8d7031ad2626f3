// Stream: a connection to a server by TCP or a Unix socket, with TLS where it is asked for. One thread owns
// it; every wait ends at the patience's end, or when the interrupt is raised.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/interrupt.h"
#include "base/result.h"

namespace sluice {

struct TlsSetup {
  bool on = false;
  bool verify = true;       // the server's certificate, and that it is for the host
  std::string ca;           // PEM file; empty: the system's
  std::string certificate;  // PEM files of our own; empty: none
  std::string key;
};

struct StreamSetup {
  std::string host;
  uint16_t port = 0;
  std::string socket;  // path of a Unix socket; empty: TCP
  TlsSetup tls;
  std::chrono::milliseconds patience{10'000};  // for connecting, and for each read and write

  std::string describe() const;  // host:port, or the path
};

class Stream {
 public:
  // Retryable where nobody answers or the connection breaks, Fatal where certificates or files do not do,
  // Stopped when interrupted. `interrupt` outlives it.
  static Result<std::unique_ptr<Stream>> connect(const StreamSetup& setup, const Interrupt& interrupt);
  ~Stream();

  // Begins TLS on a connection that was made without, where the protocol has words before it. To be called
  // once.
  Result<void> encrypt(const TlsSetup& tls);

  // All of it has been given to the kernel.
  Result<void> write(std::string_view bytes);
  // At least one byte, at most `size`.
  Result<size_t> read(char* room, size_t size);

  // These do not wait: 0 says that nothing is taken, or nothing there. What was not taken comes again first.
  Result<size_t> write_now(std::string_view bytes);
  Result<size_t> read_now(char* room, size_t size);
  // Until there may be something to read or, where `room` is asked for too, room to write. False: not within
  // `patience`.
  Result<bool> wait(bool room, std::chrono::milliseconds patience);

 private:
  struct Impl;
  explicit Stream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
