#pragma once

#include <memory>

#include "support/sink_bench.h"

namespace sluice::test {

std::unique_ptr<SinkBench> make_sqlite_bench();

}  // namespace sluice::test
