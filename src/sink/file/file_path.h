// Paths from templates: names of databases and tables, and whatever else fills a place, cannot lead out of
// the folder that the template means.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sluice::file {

// What fills a place, `out` from `begin` on: `/`, `%`, control characters and a dot at its beginning become %
// and two digits in hex; nothing becomes %.
void escape_place(Bytes& out, size_t begin);

// The whole path: a folder's or file's name of more than kMostName bytes is cut and ends in ~, a hash of all
// of it, and its extension.
constexpr size_t kMostName = 200;  // of the 255 that Linux takes: a file that is turned over has a longer one
void escape_path(std::string_view path, std::string& out);

// As a template without places means it.
std::string without_braces(std::string_view text);
// The folder in front of the first place, with its slash.
std::string fixed_folder(std::string_view text);

}  // namespace sluice::file
