// A sink in front of another one: puts the ids that a schema registry gives in the place of the numbers of
// schemas in messages and keys, then hands them on. A registry that is away is a target that is away; a
// schema that it refuses makes its messages refused ones.
#pragma once

#include <memory>

#include "sink/registry/options.h"
#include "sink/sink.h"

namespace sluice {

std::unique_ptr<Sink> make_registered_sink(std::unique_ptr<Sink> target, registry::RegistryOptions options);

}  // namespace sluice
