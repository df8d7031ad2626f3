// Failure as a value. A fault is chosen where it is known; the words say what was attempted on what, and why
// it failed.
#pragma once

#include <fmt/core.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace sluice {

enum class Fault : unsigned char {
  Retryable,  // the world may be better later: the caller may try the same again
  Fatal,      // trying again cannot help; exit code 1
  Usage,      // the operator's mistake, found before anything ran; exit code 2
  Stopped,    // asked to stop; not a failure
};

struct Error {
  Fault fault = Fault::Fatal;
  std::string what;
};

template <class T>
using Result = tl::expected<T, Error>;

using Failure = tl::unexpected<Error>;

template <class... A>
Failure retryable(fmt::format_string<A...> words, A&&... values) {
  return Failure(Error{Fault::Retryable, fmt::format(words, std::forward<A>(values)...)});
}

template <class... A>
Failure fatal(fmt::format_string<A...> words, A&&... values) {
  return Failure(Error{Fault::Fatal, fmt::format(words, std::forward<A>(values)...)});
}

template <class... A>
Failure usage(fmt::format_string<A...> words, A&&... values) {
  return Failure(Error{Fault::Usage, fmt::format(words, std::forward<A>(values)...)});
}

inline Failure stopped() { return Failure(Error{Fault::Stopped, "asked to stop"}); }

// Keeps the fault and puts what was being attempted in front of the words: "while reading x: y".
inline Failure while_doing(std::string_view attempt, Error error) {
  error.what.insert(0, fmt::format("{}: ", attempt));
  return Failure(std::move(error));
}

}  // namespace sluice

// Leaves the function with the error of `expression`, if it has one.
#define SLUICE_TRY(expression)                                                                    \
  do {                                                                                            \
    if (auto result_ = (expression); !result_) return tl::unexpected(std::move(result_).error()); \
  } while (false)

// Declares `name` as the value of `expression`, or leaves the function with its error.
#define SLUICE_ASSIGN(name, expression)                                          \
  auto name##_result_ = (expression);                                            \
  if (!name##_result_) return tl::unexpected(std::move(name##_result_).error()); \
  auto name = std::move(*name##_result_)
