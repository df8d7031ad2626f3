// Epoch: how often the log went on at another server. Files and offsets of two servers cannot be compared;
// with the epoch above it a row_version() grows over such a change, too. Kept in a sink's note.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/row_version.h"

namespace sluice {

class Epoch {
 public:
  // A text that no note() was is taken as none.
  void restore(std::string_view note) {
    size_t space = note.find(' ');
    if (space == note.npos) return;
    std::from_chars(note.data(), note.data() + space, number_);
    server_ = note.substr(space + 1);
  }
  std::string note() const { return std::to_string(number_) + ' ' + server_; }

  // What is to be put over the versions of a delivery: the log is that of `server` (Position::server_uuid).
  uint64_t bits(std::string_view server) {
    if (server != server_ && !server.empty()) {
      if (!server_.empty() && number_ < kMost) ++number_;
      server_ = server;
    }
    return number_ << kRowVersionBits;
  }

 private:
  static constexpr uint64_t kMost = 63;  // a version is a positive number of 63 bits

  uint64_t number_ = 0;
  std::string server_;  // empty: none was seen
};

}  // namespace sluice
