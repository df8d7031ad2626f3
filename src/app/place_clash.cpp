#include "app/place_clash.h"

#include <algorithm>
#include <filesystem>
#include <vector>

namespace sluice::app {
namespace {

// Of two names without a slash.
bool names_meet(std::string_view a, std::string_view b) {
  // kAnyText as one character and a run of any number more.
  auto spelt = [](std::string_view name) {
    std::string out;
    for (char c : name) out += c == kAnyText ? std::string{'\1', '\2'} : std::string{c};
    return out;
  };
  constexpr char kOne = '\1', kRun = '\2';
  std::string left = spelt(a), right = spelt(b);
  // meets[j]: left.substr(i) may be right.substr(j); row by row, from the end.
  std::vector<bool> meets(right.size() + 1), behind(right.size() + 1);
  for (size_t i = left.size() + 1; i-- > 0;) {
    std::swap(meets, behind);
    for (size_t j = right.size() + 1; j-- > 0;) {
      bool left_ends = i == left.size(), right_ends = j == right.size();
      if (left_ends && right_ends) {
        meets[j] = true;
      } else if (!left_ends && left[i] == kRun) {
        meets[j] = behind[j] || (!right_ends && meets[j + 1]);
      } else if (!right_ends && right[j] == kRun) {
        meets[j] = meets[j + 1] || (!left_ends && behind[j]);
      } else {
        bool one = !left_ends && !right_ends && (left[i] == right[j] || left[i] == kOne || right[j] == kOne);
        meets[j] = one && behind[j + 1];
      }
    }
  }
  return meets[0];
}

}  // namespace

std::string place_pattern(std::string_view path) {
  std::string text;
  for (size_t i = 0; i < path.size(); ++i) {
    bool doubled = i + 1 < path.size() && path[i + 1] == path[i];
    if (path[i] == '{' && !doubled) {
      i = std::min(path.find('}', i), path.size());
      text += kAnyText;
    } else {
      text += path[i];
      if (doubled && (path[i] == '{' || path[i] == '}')) ++i;
    }
  }
  std::error_code reason;
  // A link to what is not there yet is followed, too, but not for ever.
  std::filesystem::path file = text;
  for (int links = 0; links < 40 && std::filesystem::is_symlink(file, reason); ++links)
    file = file.parent_path() / std::filesystem::read_symlink(file, reason);
  auto whole = std::filesystem::absolute(file, reason);  // of an empty text there is none
  if (!reason) whole = std::filesystem::weakly_canonical(whole, reason);
  return reason ? std::filesystem::path(text).lexically_normal().string() : whole.string();
}

bool may_meet(std::string_view a, std::string_view b) {
  for (;;) {
    size_t left = a.find('/'), right = b.find('/');
    if (!names_meet(a.substr(0, left), b.substr(0, right))) return false;
    if (left == a.npos || right == b.npos) return left == right;
    a.remove_prefix(left + 1);
    b.remove_prefix(right + 1);
  }
}

bool is_one_file(std::string_view pattern, const std::string& path, std::string_view other_pattern,
                 const std::string& other_path) {
  std::error_code not_there;
  return may_meet(pattern, other_pattern) || std::filesystem::equivalent(path, other_path, not_there);
}

}  // namespace sluice::app
