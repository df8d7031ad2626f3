// Regex: a regular expression in RE2's syntax, which takes linear time over any text.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace sluice {

class Regex {
 public:
  static constexpr size_t kMostBytes = 8 << 20;
  // `most_bytes`: of memory, what it is made into and what it keeps while it searches; one that needs more is
  // none.
  explicit Regex(std::string_view pattern, size_t most_bytes = kMostBytes);
  ~Regex();
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;

  bool ok() const;
  const std::string& error() const;  // why it is none
  bool too_large() const;            // that is why
  unsigned groups() const;           // in parentheses
  unsigned steps() const;            // at most so many are taken for each byte of a text

  bool fits(std::string_view text) const;      // the whole of it
  bool found_in(std::string_view text) const;  // a part of it
  // The first place at or behind `from`: `found[0]` is all that fits there, the others its groups.
  bool find(std::string_view text, size_t from, std::span<std::string_view> found) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
