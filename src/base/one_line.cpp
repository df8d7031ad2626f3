#include "base/one_line.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

#include "base/utf8.h"

namespace sluice {

std::string on_one_line(std::string_view text) {
  std::string line;
  while (!text.empty()) {
    auto byte = static_cast<unsigned char>(text[0]);
    size_t size = utf8_length(text);
    if (byte == '\n') {
      line += "\\n";
    } else if (size == 0 || (byte < ' ' && byte != '\t') || byte == 0x7F) {
      fmt::format_to(std::back_inserter(line), "\\x{:02x}", byte);
    } else {
      line += text.substr(0, size);
    }
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return line;
}

}  // namespace sluice
