// The names of files that were turned over: `changes.jsonl` becomes
// `changes-20260115T103000Z-000042.jsonl`. The time is for people, the number for us: it tells what came
// after what, whatever the clock did.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::file {

std::string rotated_name(const std::string& path, int64_t unix_seconds, uint64_t number);
// Beside `path`: the rotated file of this number; nothing: there is none.
std::optional<std::string> find_rotated(const std::string& path, uint64_t number);
// The highest number of a rotated file beside `path`; 0: there is none.
uint64_t newest_rotated(const std::string& path);

}  // namespace sluice::file
