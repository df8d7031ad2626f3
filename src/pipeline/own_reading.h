// OwnReading: how a sink that the others go on without reads the log by itself, from its own position on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/position.h"
#include "source/source.h"
#include "state/state.h"
#include "transform/transform.h"

namespace sluice {

// The fact in the state that the sink is not named at present, or was not and has not reached the others yet.
inline std::string absent_fact(const std::string& lane) { return "absent:" + lane; }

struct Reading {
  std::unique_ptr<Source> source;
  std::vector<std::unique_ptr<Transform>> transforms;  // the same as everybody's
  // Where the tables of the places that it reads are kept; null: what everybody's state knows of them will
  // do.
  std::unique_ptr<State> tables;
};

// The source thread.
class OwnReading {
 public:
  virtual ~OwnReading() = default;
  // The sink is about to be left behind, or is not named at present: keeps for it what the source will give
  // up once the others have it. What is kept already stays as it is.
  virtual Result<void> keep(const std::string& lane) = 0;
  virtual Result<Reading> begin(const std::string& lane, const Position& from) = 0;
  // The sink is with the others: what was kept may go.
  virtual void end(const std::string& lane) = 0;
};

}  // namespace sluice
