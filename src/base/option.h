// Option tables: each plug-in (sink, source, format) and each command lists what it can be told, once;
// checking, help, the manual and the sample configuration all read these tables. Settings: what the operator
// chose, checked against a table.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace sluice {

enum class OptionKind : uint8_t {
  Text,
  Integer,   // whole number, not negative
  Size,      // bytes: 64MB, 1GiB, 4096
  Duration,  // 500ms, 3s, 10m, 1h, 7d
  Boolean,   // true, false, yes, no, on, off
  Choice,    // one of `choices`
  List,      // of texts
  Secret,
};

struct Option {
  std::string_view name;
  OptionKind kind;
  std::string_view fallback;      // what holds when nothing is said; empty: nothing
  std::string_view help;          // one sentence without a full stop
  std::string_view choices = {};  // of Choice and List: the values allowed, separated by `|`
  bool required = false;
  std::string_view value = {};  // what stands for the value in help: FILE, URL; empty: said by the kind
  // Of Integer, Size (bytes) and Duration (milliseconds): the values allowed.
  uint64_t least = 0;
  uint64_t most = UINT64_MAX;
};

// Where a setting was written, for messages: "sluice.yaml:12:5" or "--from"; empty: it was not.
struct Setting {
  std::vector<std::string> values;
  std::string where;
};

class Settings {
 public:
  explicit Settings(std::span<const Option> options) : options_(options) {}

  // Checks the value against the option's kind. Usage faults name `where`, the value and what was expected;
  // an unknown name is answered with the nearest known one.
  Result<void> set(std::string_view name, std::vector<std::string> values, std::string where);
  // Faults when a required option was not given. `where` is the section that should have it.
  Result<void> finish(std::string_view where) const;

  // The name must be in the table and the kind must fit: CHECKed. An option not given answers with its
  // fallback.
  bool given(std::string_view name) const;
  std::string text(std::string_view name) const;
  uint64_t integer(std::string_view name) const;
  uint64_t size(std::string_view name) const;
  std::chrono::milliseconds duration(std::string_view name) const;
  bool boolean(std::string_view name) const;
  std::vector<std::string> list(std::string_view name) const;
  Secret secret(std::string_view name) const;
  std::string where(std::string_view name) const;

  std::span<const Option> options() const { return options_; }

 private:
  const Option& option(std::string_view name) const;
  std::vector<std::string> values(std::string_view name) const;

  std::span<const Option> options_;
  std::map<std::string, Setting, std::less<>> given_;
};

// What stands for the option's value in help and manual: SIZE, FILE, `now|start`; empty for a switch.
std::string placeholder(const Option& option);
// The parts of `a|b|c`, in order.
std::vector<std::string> split_choices(std::string_view choices);

// A Usage fault that answers an unknown name with the nearest known one, or with all of them.
Failure unknown_name(std::string_view where, std::string_view name, std::span<const std::string> known);

Result<uint64_t> parse_size(std::string_view text);
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
Result<bool> parse_boolean(std::string_view text);
// The known name with the fewest edits to `name`, or empty when none is near. `-` and `_` are the same.
std::string nearest(std::string_view name, std::span<const std::string> known);

}  // namespace sluice
