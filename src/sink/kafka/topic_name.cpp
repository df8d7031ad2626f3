#include "sink/kafka/topic_name.h"

namespace sluice::kafka {
namespace {

constexpr size_t kMost = 249;

bool legal(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-';
}

bool goes_on(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

void escape_topic(std::string_view name, std::string& out) {
  out.clear();
  for (char c : name) {
    if (legal(c)) {
      out += c;
    } else if (!goes_on(c)) {
      out.append(static_cast<unsigned char>(c) >= 0xF0 ? 2 : 1, '_');
    }
  }
  if (out.size() > kMost) out.resize(kMost);
  if (out.empty()) out = "_";
  if (out == "." || out == "..") out.assign(out.size(), '_');
}

}  // namespace sluice::kafka
