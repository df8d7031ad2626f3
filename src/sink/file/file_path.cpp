#include "sink/file/file_path.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>

#include "base/hash.h"

namespace sluice::file {
namespace {

constexpr size_t kMostExtension = 16;

bool is_control(char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; }

void append_name(std::string_view name, std::string& out) {
  if (name.size() <= kMostName) {
    out += name;
    return;
  }
  size_t dot = name.rfind('.');
  bool extension = dot != name.npos && dot > 0 && name.size() - dot <= kMostExtension;
  std::string end = fmt::format("~{:08x}{}", static_cast<uint32_t>(murmur2(name)),
                                extension ? name.substr(dot) : std::string_view());
  size_t kept = kMostName - end.size();
  while (kept > 0 && (static_cast<uint8_t>(name[kept]) & 0xc0) == 0x80) --kept;  // whole characters
  out += name.substr(0, kept);
  out += end;
}

}  // namespace

void escape_place(Bytes& out, size_t begin) {
  std::string spelt;
  for (char c : out.view().substr(begin)) {
    bool first_dot = c == '.' && spelt.empty();
    if (is_control(c) || c == '/' || c == '%' || first_dot) {
      spelt += fmt::format("%{:02X}", static_cast<uint8_t>(c));
    } else {
      spelt += c;
    }
  }
  if (spelt.empty()) spelt = "%";
  out.truncate(begin);
  out.append(spelt);
}

void escape_path(std::string_view path, std::string& out) {
  out.clear();
  for (;;) {
    size_t slash = path.find('/');
    append_name(path.substr(0, slash), out);
    if (slash == path.npos) return;
    out += '/';
    path.remove_prefix(slash + 1);
  }
}

std::string without_braces(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    bool doubled = (text[i] == '{' || text[i] == '}') && i + 1 < text.size() && text[i + 1] == text[i];
    if (doubled) ++i;
  }
  return out;
}

std::string fixed_folder(std::string_view text) {
  size_t slash = text.substr(0, text.find('{')).rfind('/');
  return std::string(text.substr(0, slash == text.npos ? 0 : slash + 1));
}

}  // namespace sluice::file
