// A wall clock that can be set, for one process: put into LD_PRELOAD, it adds the eight bytes of the file
// $WALL_CLOCK_FILE, nanoseconds as a signed little-endian number, to every answer. The file may change at any
// time. Only what asks for the wall clock is answered otherwise; waits go by the kernel's clocks, which did
// not jump, so a deadline that was reckoned from the wall clock is as wrong here as it is on a machine whose
// clock was set.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

constexpr int64_t kSecond = 1'000'000'000;

const std::atomic<int64_t>* map_offset() {
  const char* path = std::getenv("WALL_CLOCK_FILE");
  int fd = path ? ::open(path, O_RDONLY | O_CLOEXEC) : -1;
  void* bytes = fd < 0 ? MAP_FAILED : ::mmap(nullptr, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
  if (bytes == MAP_FAILED) std::abort();  // the test would try nothing
  ::close(fd);
  return static_cast<const std::atomic<int64_t>*>(bytes);
}

timespec wall() {
  static const std::atomic<int64_t>* offset = map_offset();
  timespec now{};
  ::syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  int64_t ns = now.tv_sec * kSecond + now.tv_nsec + offset->load(std::memory_order_relaxed);
  return {ns / kSecond, ns % kSecond};
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* out) noexcept {
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) {
    return static_cast<int>(::syscall(SYS_clock_gettime, clock, out));
  }
  *out = wall();
  return 0;
}

int gettimeofday(timeval* out, void*) noexcept {
  timespec now = wall();
  *out = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* out) noexcept {
  time_t now = wall().tv_sec;
  if (out) *out = now;
  return now;
}

}  // extern "C"
