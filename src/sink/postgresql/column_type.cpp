#include "sink/postgresql/column_type.h"

#include <algorithm>
#include <climits>
#include <utility>

#include "base/check.h"
#include "mirror/type_words.h"

namespace sluice::postgresql {
namespace {

using mirror::is_any_of;

// Of a type without numbers as large as can be.
mirror::TypeSize size_of(std::string_view type) { return mirror::size_of(type, INT_MAX); }

bool sized(std::string_view type) { return type.find('(') != std::string_view::npos; }

// Digits in front of the point that a whole number of the type may have.
int whole_digits(std::string_view base) { return base == "int2" ? 5 : base == "int4" ? 10 : 19; }

bool is_whole(std::string_view base) { return is_any_of(base, {"int2", "int4", "int8"}); }
bool is_text(std::string_view base) { return is_any_of(base, {"varchar", "text"}); }

bool numeric_holds(std::string_view there, std::string_view wanted) {
  if (!sized(there)) return true;
  mirror::TypeSize has = size_of(there), needs = size_of(wanted);
  std::string_view base = base_type(wanted);
  if (is_whole(base)) needs = {whole_digits(base), 0};
  if (!is_whole(base) && !sized(wanted)) return false;
  return has.second >= needs.second && has.first - has.second >= needs.first - needs.second;
}

}  // namespace

std::string_view base_type(std::string_view type) { return type.substr(0, type.find_first_of("( ")); }

std::string_view sent_type(std::string_view type) {
  std::string_view base = base_type(type);
  return base == "bit" ? "varbit" : base;
}

uint32_t type_number(std::string_view sent) {
  constexpr std::pair<std::string_view, uint32_t> kNumbers[] = {
      {"bytea", 17},       {"int8", 20},          {"int2", 21},       {"int4", 23},      {"text", 25},
      {"float4", 700},     {"float8", 701},       {"inet", 869},      {"varchar", 1043}, {"date", 1082},
      {"timestamp", 1114}, {"timestamptz", 1184}, {"interval", 1186}, {"varbit", 1562},  {"numeric", 1700},
      {"uuid", 2950},      {"jsonb", 3802}};
  auto found = std::find_if(std::begin(kNumbers), std::end(kNumbers),
                            [&](const auto& each) { return each.first == sent; });
  CHECK(found != std::end(kNumbers));
  return found->second;
}

bool holds(std::string_view there, std::string_view wanted) {
  if (there.find("GENERATED") != std::string_view::npos) return false;
  std::string_view has = base_type(there), needs = base_type(wanted);
  if (has == "text") return needs != "bytea";
  if (has == "numeric" && (needs == "numeric" || is_whole(needs))) return numeric_holds(there, wanted);
  if (is_whole(has) && is_whole(needs)) return whole_digits(has) >= whole_digits(needs);
  if (has == "float8" && needs == "float4") return true;
  if (is_any_of(has, {"json", "jsonb"}) && needs == "jsonb") return true;
  if (has == "varbit" && needs == "bit") return size_of(there).first >= size_of(wanted).first;
  if (has == "bit" && needs == "bit") return size_of(there).first == size_of(wanted).first;
  if (has == "varchar" && is_text(needs)) return size_of(there).first >= size_of(wanted).first;
  return has == needs && size_of(there).first >= size_of(wanted).first;
}

bool converts_alike(std::string_view from, std::string_view to) {
  std::string_view has = base_type(from), needs = base_type(to);
  auto number = [](std::string_view base) { return is_whole(base) || base == "numeric"; };
  if (number(has) && number(needs)) return true;
  if (is_text(needs)) return is_text(has) || number(has) || is_any_of(has, {"uuid", "inet"});
  return has == needs || (is_any_of(has, {"float4", "float8"}) && is_any_of(needs, {"float4", "float8"}));
}

}  // namespace sluice::postgresql
