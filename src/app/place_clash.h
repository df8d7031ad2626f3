// PlaceClash: whether two templates of paths may ever name one file.
#pragma once

#include <string>
#include <string_view>

namespace sluice::app {

// Of a template's text: every place is kAnyText, a doubled brace one; the path is absolute, and symbolic
// links in front of the first place are followed.
constexpr char kAnyText = '\1';  // one character or more, but no slash
std::string place_pattern(std::string_view path);

// Whether some text in the place of each kAnyText makes the same of both.
bool may_meet(std::string_view a, std::string_view b);
// Whether they do, or are two names of one file that is there. `path`: what the pattern was made of.
bool is_one_file(std::string_view pattern, const std::string& path, std::string_view other_pattern,
                 const std::string& other_path);

}  // namespace sluice::app
