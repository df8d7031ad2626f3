// The names of a Maxwell row's fields and columns, as the naming strategy has them.
#pragma once

#include <string>
#include <string_view>

namespace sluice::maxwell {

enum class Naming : bool {
  AsIs,
  CamelCase,  // `user_name` becomes `userName`; an underscore at the end stays
};

std::string named(std::string_view name, Naming naming);

}  // namespace sluice::maxwell
