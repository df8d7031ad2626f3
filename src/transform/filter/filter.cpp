#include "transform/filter/filter.h"

#include "rule/filter.h"

namespace sluice {
namespace {

class FilterTransform : public Transform {
 public:
  explicit FilterTransform(std::shared_ptr<const rule::Rule> condition) : filter_(std::move(condition)) {}

  Result<void> apply(Batch& batch) override {
    size_t kept = 0;
    for (const Change& change : batch.changes) {
      if (change.op != Op::Ddl) {
        SLUICE_ASSIGN(passes, filter_.passes(batch, change));
        if (!passes) continue;
      }
      batch.changes[kept++] = change;
    }
    batch.changes.resize(kept);
    return {};
  }

 private:
  rule::Filter filter_;
};

}  // namespace

std::unique_ptr<Transform> make_filter(std::shared_ptr<const rule::Rule> condition) {
  return std::make_unique<FilterTransform>(std::move(condition));
}

}  // namespace sluice
