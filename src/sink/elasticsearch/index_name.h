// Names of indices: what a server takes for one.
#pragma once

#include <string>
#include <string_view>

namespace sluice::elasticsearch {

// ASCII letters in lower case; every byte that is none of a-z, 0-9 and -_.+ as `_` and two hexadecimal
// digits; `x` in front of a name that begins with one of -_+. ; one longer than 255 bytes is cut and ends in
// a hash of all of it. Appends to `out`.
void escape_index(std::string_view name, std::string& out);

}  // namespace sluice::elasticsearch
