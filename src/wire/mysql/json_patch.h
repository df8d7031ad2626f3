// What an update changed within a JSON document, as PARTIAL_UPDATE_ROWS carries it (sql-common/json_diff.cc):
// one after the other, operation u8 (0 replace, 1 insert, 2 remove), path (length-encoded length, text), and,
// but for remove, a value (length-encoded length, binary JSON).
#pragma once

#include <optional>
#include <string_view>

#include "base/arena.h"

namespace sluice::mysql {

// The document after the changes, in the arena; nothing where they make no sense, or do not fit to it.
std::optional<std::string_view> apply_json_patch(std::string_view document, std::string_view patch,
                                                 Arena& arena);

// The changes themselves as a document: [{"op":"replace","path":"$.a[1]","value":…}, …].
std::optional<std::string_view> json_patch_document(std::string_view patch, Arena& arena);

}  // namespace sluice::mysql
