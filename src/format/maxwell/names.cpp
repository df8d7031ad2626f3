#include "format/maxwell/names.h"

#include "base/arena.h"
#include "format/json_text.h"
#include "format/spell.h"

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

std::string json_text(std::string_view text) {
  std::string readable(text);
  readable.append(Arena::kReadSlack, '\0');  // the speller reads in wide steps
  std::string result(6 * text.size() + kSlack, '\0');
  result.resize(static_cast<size_t>(
      spell_json_text(result.data(), std::string_view(readable).substr(0, text.size())) - result.data()));
  return result;
}

}  // namespace sluice::maxwell
