#include "source/mysql/grants.h"

#include <optional>

namespace sluice::mysql {
namespace {

// A name in backquotes, doubled where it holds one, or bare up to `.` or a blank. Moves `text` behind it.
std::string take_name(std::string_view& text) {
  std::string name;
  if (!text.starts_with('`')) {
    size_t end = std::min(text.find_first_of(". "), text.size());
    name = text.substr(0, end);
    text.remove_prefix(end);
    return name;
  }
  size_t i = 1;
  for (; i < text.size(); ++i) {
    if (text[i] == '`') {
      if (i + 1 >= text.size() || text[i + 1] != '`') break;
      ++i;
    }
    name.push_back(text[i]);
  }
  text.remove_prefix(std::min(i + 1, text.size()));
  return name;
}

// Whether SELECT is among `SELECT, INSERT (a, b), …` for whole tables; ALL PRIVILEGES has it too.
bool gives_select(std::string_view privileges) {
  if (privileges.starts_with("ALL PRIVILEGES")) return true;
  int depth = 0;  // columns stand in parentheses
  for (size_t i = 0; i < privileges.size(); ++i) {
    if (privileges[i] == '(') ++depth;
    if (privileges[i] == ')') --depth;
    bool begins = depth == 0 && (i == 0 || (i >= 2 && privileges[i - 2] == ',' && privileges[i - 1] == ' '));
    if (!begins || !privileges.substr(i).starts_with("SELECT")) continue;
    std::string_view behind = privileges.substr(i + 6);
    if (behind.empty() || behind[0] == ',') return true;
  }
  return false;
}

// `GRANT privileges ON scope TO …`.
std::optional<std::string> scope_of(std::string_view line) {
  constexpr std::string_view kGrant = "GRANT ", kOn = " ON ";
  if (!line.starts_with(kGrant)) return std::nullopt;
  line.remove_prefix(kGrant.size());
  size_t on = line.find(kOn);
  if (on == std::string_view::npos || !gives_select(line.substr(0, on))) return std::nullopt;  // a role
  line.remove_prefix(on + kOn.size());
  if (line.starts_with("TABLE ")) line.remove_prefix(6);
  std::string database = take_name(line);
  if (!line.starts_with('.')) return std::nullopt;
  line.remove_prefix(1);
  return database + "." + take_name(line);
}

}  // namespace

std::vector<std::string> readable_scopes(const std::vector<std::string>& lines) {
  std::vector<std::string> scopes;
  for (const std::string& line : lines) {
    if (auto scope = scope_of(line)) scopes.push_back(std::move(*scope));
  }
  return scopes;
}

}  // namespace sluice::mysql
