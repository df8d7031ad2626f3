// A rule of masks in few words.
#pragma once

#include <string>
#include <string_view>

#include "transform/mask/mask.h"

namespace sluice::test {

// `text`: `with: hash, length: 8`. CHECKs that it is right.
mask::MaskRule mask_rule(std::string_view text, const std::string& pattern);

}  // namespace sluice::test
