// RedisListener: takes commands as a Redis server does, on a socket of its own, and keeps their last words.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>

#include "support/folder.h"

namespace sluice::test {

class RedisListener {
 public:
  RedisListener();
  ~RedisListener();

  std::string socket() const { return folder_ / "socket"; }
  // The last word of each command that runs a script, a line feed behind each.
  std::string words();
  // Until then, one with a huge word has no answer.
  void answer_huge() { huge_ = true; }

 private:
  void listen();
  void serve(int client);

  TemporaryFolder folder_;
  int listening_;
  std::atomic<bool> huge_ = false, ends_ = false;
  std::atomic<int> client_ = -1;
  std::mutex mutex_;
  std::string words_;
  std::thread thread_;
};

}  // namespace sluice::test
