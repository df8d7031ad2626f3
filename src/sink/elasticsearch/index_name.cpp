#include "sink/elasticsearch/index_name.h"

#include <fmt/core.h>

#include "base/hash.h"

namespace sluice::elasticsearch {
namespace {

// What the servers allow (MetadataCreateIndexService.validateIndexOrAliasName).
constexpr size_t kMostBytes = 255;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '+';
}

}  // namespace

void escape_index(std::string_view name, std::string& out) {
  std::string made;
  for (char c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (is_plain(c)) {
      made += c;
    } else {
      made += fmt::format("_{:02x}", static_cast<unsigned char>(c));
    }
  }
  if (made.empty() || std::string_view("-_+.").find(made[0]) != std::string_view::npos) made.insert(0, "x");
  if (made.size() > kMostBytes) {
    std::string hash = fmt::format("_{:08x}", static_cast<uint32_t>(murmur2(made)));
    made.resize(kMostBytes - hash.size());
    made += hash;
  }
  out += made;
}

}  // namespace sluice::elasticsearch
