// MySQL's binary JSON (layout: sql-common/json_binary.h of the server) as JSON text, value for value what
// `SELECT` shows: members in the stored order, decimals with their declared digits, doubles always with a
// point or an exponent, temporals as strings with six fraction digits, other opaque values as
// "base64:type<n>:…". The bytes may be hostile: whatever they are, nothing beyond the slack behind them
// (Arena::kReadSlack) is read, the depth is bounded, and time and output are linear in their number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice {

enum class JsonSpacing : bool {
  Compact,  // {"a":1,"b":[2,3]}
  Server,   // {"a": 1, "b": [2, 3]}, as the server prints it
};

// Deepest nesting of arrays and objects; the server's own bound (JSON_DOCUMENT_MAX_DEPTH).
inline constexpr int kMaxJsonDepth = 100;

// What each function below may write for a document of `size` bytes, but for scribbles of up to kSlack
// (spell.h) behind it.
constexpr size_t json_binary_bound(size_t size) { return 6 * size + 64; }

// Writes the document at `out` and returns the end of it; null: malformed, and what stands at `out` is of no
// use. The empty document is JSON null.
char* spell_json_binary(char* out, std::string_view document, JsonSpacing spacing);

// The same as an expression of MySQL's that makes the document again, decimals, times and bytes in it of
// their types: JSON_OBJECT('price',1.50,'at',CAST('2026-01-15' AS DATE)).
char* spell_json_sql(char* out, std::string_view document);

// As JSON text for encoders, which never fail: a malformed document becomes the JSON string
// "malformed json, base64:…" with all its bytes, and is counted.
char* spell_json_binary_or_marker(char* out, std::string_view document, JsonSpacing spacing);

// How many documents this process has written as a marker. Any thread.
uint64_t malformed_json_documents();

}  // namespace sluice
