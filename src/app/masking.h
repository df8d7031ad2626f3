// Masks, as the configuration or the command line says them.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/option.h"
#include "transform/mask/mask.h"

namespace sluice::app {

class YamlDocument;
class YamlSection;

// Of the section `masks`, and of each of its rules beside what the rule's kind knows.
std::span<const Option> mask_options();
std::span<const Option> mask_rule_options();

// Mistakes go into the document; null where there are some.
std::shared_ptr<const mask::MaskSetup> read_masks(const YamlSection& section, YamlDocument& document);

}  // namespace sluice::app
