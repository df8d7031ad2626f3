// Any bytes as text of any character set: what comes out fits its bound, is UTF-8 but for the escapes, and
// there are as many of these as are counted. Two bytes choose the character set.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "wire/mysql/charset.h"

namespace {

// U+DC00 + byte in three bytes, ED B0 80 to ED B3 BF.
bool is_escape(std::string_view text) {
  return text.size() >= 3 && text[0] == '\xed' && (text[1] & '\xfc') == '\xb0' &&
         (text[2] & '\xc0') == '\x80';
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  if (size < 2) return 0;
  const mysql::Charset* charset = mysql::charset_by_collation(data[0] | data[1] << 8);
  if (!charset) return 0;
  // Of its own size exactly, so that a look behind it is noticed.
  size_t length = size - 2;
  auto text = std::make_unique<char[]>(length);
  std::copy_n(reinterpret_cast<const char*>(data) + 2, length, text.get());
  std::string_view given(text.get(), length);
  size_t room = charset->max_utf8_size(length);
  auto out = std::make_unique<char[]>(room);
  uint64_t invalid = 0;
  char* end = charset->to_utf8(given, out.get(), invalid);
  CHECK(end >= out.get() && end <= out.get() + room);
  std::string_view utf8(out.get(), static_cast<size_t>(end - out.get()));
  if (charset->is_utf8() || charset->is_binary()) {
    CHECK(utf8 == given && invalid == 0);
    return 0;
  }
  uint64_t escapes = 0;
  for (size_t at = 0; at < utf8.size();) {
    size_t character = utf8_length(utf8.substr(at));
    if (character == 0) {
      CHECK(is_escape(utf8.substr(at)));
      character = 3;
      ++escapes;
    }
    at += character;
  }
  CHECK(escapes == invalid && invalid <= length);
  return 0;
}
