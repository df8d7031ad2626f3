#include "format/maxwell/names.h"

namespace sluice::maxwell {

std::string named(std::string_view name, Naming naming) {
  std::string result;
  for (size_t i = 0; i < name.size(); ++i) {
    bool joins = naming == Naming::CamelCase && name[i] == '_' && i + 1 < name.size();
    char c = joins ? name[++i] : name[i];
    result += joins && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return result;
}

}  // namespace sluice::maxwell
