#include "model/position.h"

#include <fmt/core.h>

namespace sluice {

std::string describe(const Position& position) {
  if (!position.known()) return "the start";
  std::string text = position.file.empty() ? "" : fmt::format("{}:{}", position.file, position.offset);
  if (!position.gtids.empty()) {
    if (!text.empty()) text += " ";
    text += "gtid " + position.gtids.text();
  }
  return text;
}

}  // namespace sluice
