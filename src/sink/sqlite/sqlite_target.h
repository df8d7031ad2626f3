// A SQLite file as a mirror's target. Rows go in one by one, in order, by prepared statements.
#pragma once

#include <memory>
#include <string>

#include "mirror/target.h"

namespace sluice::sqlite {

std::unique_ptr<mirror::Target> make_target(std::string path);

}  // namespace sluice::sqlite
