// Step: one compiled operation of a rule; it runs its parts and makes a value of theirs. What could be
// decided for the table version is decided: which column, which comparison, which values are always the same.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/bytes.h"
#include "model/batch.h"
#include "rule/decimal.h"

namespace sluice {
class Regex;
}

namespace sluice::rule {

class JsonPath;

// What a step yields. Text and decimals live in the batch, the table, the program or the Frame.
struct Value {
  enum class Kind : uint8_t {
    Null,
    Int,     // i; conditions are 0 and 1
    Wide,    // wide: exact, too
    Real,    // d
    Text,    // data/size; bytes, too
    Moment,  // u, packed like a DateTime cell; dates have no time of day
    Time,    // i, packed like a Time cell
  };
  Kind kind = Kind::Null;
  uint32_t size = 0;
  union {
    int64_t i = 0;
    uint64_t u;
    double d;
    const char* data;
    const Decimal* wide;
  };

  static Value of_int(int64_t value) {
    Value made{.kind = Kind::Int};
    made.i = value;
    return made;
  }
  static Value of_real(double value) {
    Value made{.kind = Kind::Real};
    made.d = value;
    return made;
  }
  static Value of_wide(const Decimal& value) {
    Value made{.kind = Kind::Wide};
    made.wide = &value;
    return made;
  }
  static Value of_text(std::string_view value) {
    Value made{.kind = Kind::Text, .size = static_cast<uint32_t>(value.size())};
    made.data = value.data();
    return made;
  }
  static Value of_moment(uint64_t value) {
    Value made{.kind = Kind::Moment};
    made.u = value;
    return made;
  }
  static Value of_time(int64_t value) {
    Value made{.kind = Kind::Time};
    made.i = value;
    return made;
  }

  bool null() const { return kind == Kind::Null; }
  bool number() const { return kind >= Kind::Int && kind <= Kind::Real; }
  std::string_view text() const { return {data, size}; }
};
static_assert(sizeof(Value) == 16);

// What a run needs beside the program; one thread's own. Kept from row to row, it allocates nothing once
// warm.
struct Frame {
  const Batch* batch = nullptr;
  const Change* change = nullptr;
  const Column* absent = nullptr;  // a column that was asked for, and that the log does not carry
  std::vector<Decimal> decimals;   // by Step::slot
  Arena texts;                     // of this run
  size_t most_texts = UINT32_MAX;  // bytes of it; what needs more is NULL
  uint64_t work = 0;               // of this run: bytes that were looked at, about
  uint64_t most_work = UINT64_MAX;
  Bytes scratch, document;

  // False: there is no more, and what is asked for is NULL.
  bool spend(uint64_t bytes) {
    work += bytes;
    return work <= most_work;
  }
  // Null: there is no more.
  char* room(size_t size) {
    return texts.used() + size <= most_texts ? texts.allocate(size > 0 ? size : 1) : nullptr;
  }
  Value copy(std::string_view text) {
    char* place = room(text.size());
    if (!place) return {};
    if (!text.empty()) std::memcpy(place, text.data(), text.size());
    return Value::of_text({place, text.size()});
  }
};

struct Step {
  using Run = Value (*)(const Step&, Frame&);
  using Order = int (*)(const Value&, const Value&);

  Run run = nullptr;
  std::span<const Step* const> parts = {};
  Order order = nullptr;  // of comparisons
  uint32_t slot = 0;      // of decimals that it makes
  uint32_t column = 0;    // its ordinal
  const Column* shape = nullptr;
  uint8_t mask = 0;        // of comparisons: bits for less, equal and greater
  bool null_safe = false;  // of comparisons: NULL is a value
  bool flag = false;       // see the step
  uint8_t scale = 0;       // of what is spelt: digits behind the point
  char escape = '\\';      // of LIKE
  Value constant = {};
  std::span<const Value> values = {};  // of IN, in order
  const Regex* pattern = nullptr;
  const JsonPath* path = nullptr;

  Value operator()(Frame& frame) const { return run(*this, frame); }
  Value part(size_t i, Frame& frame) const { return parts[i]->run(*parts[i], frame); }
};

// Three-valued logic: 1, 0, or NULL, which is neither.
inline bool is_true(const Value& value) {
  switch (value.kind) {
    case Value::Kind::Int: return value.i != 0;
    case Value::Kind::Wide: return !value.wide->is_zero();
    case Value::Kind::Real: return value.d != 0;
    default: return false;
  }
}

// Orders: < 0, 0, > 0, or kNoOrder where the two cannot be compared, which only values out of documents bring
// about.
constexpr int kNoOrder = 2;
int order_numbers(const Value& a, const Value& b);
int order_texts(const Value& a, const Value& b);
int order_moments(const Value& a, const Value& b);
int order_times(const Value& a, const Value& b);
int order_any(const Value& a, const Value& b);

// The number as a decimal, in `room` where it has to be made. False: it is none, or no decimal can hold it.
const Decimal* as_decimal(const Value& value, Decimal& room);
double as_double(const Value& value);
// A number as a place in a text or behind a point: rounded, and at most 2^40 or its negative, which is beyond
// all of them.
int64_t nearest_place(const Value& value);

}  // namespace sluice::rule
