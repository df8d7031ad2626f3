#include "rule/program.h"

#include "base/regex.h"
#include "rule/steps.h"

namespace sluice::rule {

Program::Program() = default;
Program::~Program() = default;

bool Program::constant() const { return root_->run == run_constant; }

Value Program::run(const Batch& batch, const Change& change, Frame& frame) const {
  frame.batch = &batch;
  frame.change = &change;
  frame.absent = nullptr;
  frame.work = 0;
  if (frame.texts.used() > 0) frame.texts.reset();
  if (frame.decimals.size() < slots_) frame.decimals.resize(slots_);
  Value value = (*root_)(frame);
  return frame.absent ? Value() : value;
}

}  // namespace sluice::rule
