// The benches of the sinks redis and redis_cache.
#pragma once

#include "support/sink_bench.h"

namespace sluice::test {

std::unique_ptr<SinkBench> make_redis_bench();
std::unique_ptr<SinkBench> make_redis_cache_bench();

}  // namespace sluice::test
