#include "base/regex.h"

#include <re2/re2.h>

#include <algorithm>

#include "base/check.h"

namespace sluice {

namespace {

re2::RE2::Options options(size_t most_bytes) {
  re2::RE2::Options made(re2::RE2::Quiet);
  made.set_max_mem(static_cast<int64_t>(most_bytes));
  return made;
}

}  // namespace

struct Regex::Impl {
  re2::RE2 re;
};

Regex::Regex(std::string_view pattern, size_t most_bytes)
    : impl_(new Impl{{std::string(pattern), options(most_bytes)}}) {}
Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;

bool Regex::ok() const { return impl_->re.ok(); }
const std::string& Regex::error() const { return impl_->re.error(); }
bool Regex::too_large() const { return impl_->re.error_code() == re2::RE2::ErrorPatternTooLarge; }
unsigned Regex::groups() const { return static_cast<unsigned>(impl_->re.NumberOfCapturingGroups()); }

unsigned Regex::steps() const { return static_cast<unsigned>(impl_->re.ProgramSize()); }

bool Regex::fits(std::string_view text) const {
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), impl_->re);
}

bool Regex::found_in(std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), impl_->re);
}

bool Regex::find(std::string_view text, size_t from, std::span<std::string_view> found) const {
  constexpr size_t kMost = 16;
  re2::StringPiece pieces[kMost];
  CHECK(found.size() <= kMost);
  if (!impl_->re.Match(re2::StringPiece(text.data(), text.size()), from, text.size(), re2::RE2::UNANCHORED,
                       pieces, static_cast<int>(found.size()))) {
    return false;
  }
  std::transform(pieces, pieces + found.size(), found.begin(),
                 [](const re2::StringPiece& piece) { return std::string_view(piece.data(), piece.size()); });
  return true;
}

}  // namespace sluice
