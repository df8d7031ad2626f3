// How MySQL and MariaDB are told types and values: as SQL.
#pragma once

#include <memory>

#include "mirror/encoder.h"

namespace sluice::mysql {

std::unique_ptr<mirror::Spelling> make_spelling();

}  // namespace sluice::mysql
