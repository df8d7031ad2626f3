#include "wire/mysql/helper_tables.h"

#include <algorithm>

namespace sluice::mysql {
namespace {

// pt-online-schema-change tries so many.
constexpr size_t kMostUnderscores = 10;

bool take_end(std::string_view& name, std::string_view end) {
  if (name.size() <= end.size() || !name.ends_with(end)) return false;
  name.remove_suffix(end.size());
  return true;
}

// `_20260115103000` before _del.
void take_time(std::string_view& name) {
  constexpr size_t kDigits = 14;
  if (name.size() < kDigits + 2) return;
  std::string_view end = name.substr(name.size() - kDigits - 1);
  if (end[0] != '_' || end.find_first_not_of("0123456789", 1) != end.npos) return;
  name.remove_suffix(end.size());
}

}  // namespace

bool may_be_helper(std::string_view table) {
  return table.starts_with('_') &&
         (table.ends_with("_del") || table.ends_with("_new") || table.ends_with("_old"));
}

bool is_helper_table(const TableName& name, const Catalogue& catalogue, std::span<const TableName> named) {
  std::string_view rest = name.table;
  if (!rest.starts_with('_')) return false;
  if (take_end(rest, "_gho") || take_end(rest, "_ghc") || take_end(rest, "_ghk")) return rest.size() > 1;
  if (take_end(rest, "_del")) {
    take_time(rest);
  } else if (!take_end(rest, "_new") && !take_end(rest, "_old")) {
    return false;
  }
  // The table's own name may begin with underscores.
  for (size_t i = 0; i < kMostUnderscores && rest.starts_with('_'); ++i) {
    rest.remove_prefix(1);
    if (catalogue.find(name.database, rest)) return true;
    bool beside = std::any_of(named.begin(), named.end(), [&](const TableName& other) {
      return other.database == name.database && other.table == rest;
    });
    if (beside) return true;
  }
  return false;
}

}  // namespace sluice::mysql
