// SinkBench: how the conformance suite makes a sink and looks at its target.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sink/sink.h"

namespace sluice::test {

class SinkBench {
 public:
  virtual ~SinkBench() = default;
  // A new one for the same target.
  virtual std::unique_ptr<Sink> sink() = 0;
  // Everything that the target has, in order, a line feed after each message.
  virtual std::string delivered() = 0;
  // Takes from the target in the background, for what it cannot hold at once.
  virtual void read_along() {}
};

struct SinkBenchType {
  std::string_view name;
  const SinkType* sink;
  // Null: of a target that only a database server is; test/servers tries it.
  std::unique_ptr<SinkBench> (*make)();
  bool takes_back = false;    // open() takes back what came after the note
  bool waits = false;         // a write can wait for somebody at the other end
  std::string_view way = {};  // how it is made, of a sink that has several
};

// One at least for every line of sinks.def.
std::vector<SinkBenchType> sink_benches();

}  // namespace sluice::test
