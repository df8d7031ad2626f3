// ThreadSanitizer of GCC 12 knows POSIX threads alone, and dies in a thread that C11's thrd_create made, as
// librdkafka does. So these are POSIX threads here; glibc has them under another name (its
// nptl/thrd_create.c).
#if defined(__SANITIZE_THREAD__)

#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <cstdint>

namespace {

struct Start {
  thrd_start_t function;
  void* argument;
};

void* run(void* given) {
  Start start = *static_cast<Start*>(given);
  delete static_cast<Start*>(given);
  return reinterpret_cast<void*>(static_cast<intptr_t>(start.function(start.argument)));
}

int code(int result) {
  if (result == 0) return thrd_success;
  if (result == ETIMEDOUT) return thrd_timedout;
  return result == EBUSY ? thrd_busy : thrd_error;
}

pthread_mutex_t* posix(mtx_t* mutex) { return reinterpret_cast<pthread_mutex_t*>(mutex); }
pthread_cond_t* posix(cnd_t* condition) { return reinterpret_cast<pthread_cond_t*>(condition); }

}  // namespace

extern "C" {

// Librdkafka counts references by atomics, of which the sanitizer sees nothing in a library built without it.
const char* __tsan_default_suppressions();
const char* __tsan_default_suppressions() { return "race:librdkafka.so\n"; }

int thrd_create(thrd_t* thread, thrd_start_t function, void* argument) {
  return code(pthread_create(thread, nullptr, run, new Start{function, argument}));
}
int thrd_join(thrd_t thread, int* result) {
  void* value = nullptr;
  int joined = pthread_join(thread, &value);
  if (result) *result = static_cast<int>(reinterpret_cast<intptr_t>(value));
  return code(joined);
}
int mtx_lock(mtx_t* mutex) { return code(pthread_mutex_lock(posix(mutex))); }
int mtx_trylock(mtx_t* mutex) { return code(pthread_mutex_trylock(posix(mutex))); }
int mtx_unlock(mtx_t* mutex) { return code(pthread_mutex_unlock(posix(mutex))); }
int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  return code(pthread_cond_wait(posix(condition), posix(mutex)));
}
int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* end) {
  return code(pthread_cond_timedwait(posix(condition), posix(mutex), end));
}
int cnd_signal(cnd_t* condition) { return code(pthread_cond_signal(posix(condition))); }
int cnd_broadcast(cnd_t* condition) { return code(pthread_cond_broadcast(posix(condition))); }

}  // extern "C"

#endif
