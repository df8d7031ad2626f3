#include <algorithm>
#include <cmath>

#include "rule/steps.h"

namespace sluice::rule {
namespace {

Value real(double value) { return std::isfinite(value) ? Value::of_real(value) : Value(); }

// The three ways in which a number comes: two whole ones first, then what is not exact, then decimals.
template <class Whole, class Real, class Exact>
Value reckon(const Step& step, Frame& frame, Whole whole, Real with_reals, Exact exact) {
  Value a = step.part(0, frame);
  Value b = step.part(1, frame);
  if (!a.number() || !b.number()) return {};
  if (a.kind == Value::Kind::Int && b.kind == Value::Kind::Int) {
    int64_t made = 0;
    if (whole(a.i, b.i, made)) return Value::of_int(made);
  }
  if (a.kind == Value::Kind::Real || b.kind == Value::Kind::Real)
    return real(with_reals(as_double(a), as_double(b)));
  Decimal x, y;
  Decimal& out = frame.decimals[step.slot];
  return exact(*as_decimal(a, x), *as_decimal(b, y), out) ? Value::of_wide(out) : Value();
}

}  // namespace

const Decimal* as_decimal(const Value& value, Decimal& room) {
  if (value.kind == Value::Kind::Wide) return value.wide;
  room = Decimal::of(value.i);
  return &room;
}

double as_double(const Value& value) {
  switch (value.kind) {
    case Value::Kind::Int: return static_cast<double>(value.i);
    case Value::Kind::Wide: return value.wide->to_double();
    default: return value.d;
  }
}

int64_t nearest_place(const Value& value) {
  constexpr int64_t kBeyond = int64_t{1} << 40;
  if (value.kind == Value::Kind::Int) return std::clamp(value.i, -kBeyond, kBeyond);
  return static_cast<int64_t>(std::clamp(std::round(as_double(value)), -0x1p40, 0x1p40));
}

int order_numbers(const Value& a, const Value& b) {
  if (a.kind == Value::Kind::Int && b.kind == Value::Kind::Int) return (a.i > b.i) - (a.i < b.i);
  if (!a.number() || !b.number()) return kNoOrder;
  if (a.kind == Value::Kind::Real || b.kind == Value::Kind::Real) {
    double x = as_double(a), y = as_double(b);
    return (x > y) - (x < y);
  }
  Decimal x, y;
  int order = Decimal::compare(*as_decimal(a, x), *as_decimal(b, y));
  return (order > 0) - (order < 0);
}

Value run_plus(const Step& step, Frame& frame) {
  return reckon(
      step, frame, [](int64_t a, int64_t b, int64_t& out) { return !__builtin_add_overflow(a, b, &out); },
      [](double a, double b) { return a + b; }, Decimal::add);
}

Value run_minus(const Step& step, Frame& frame) {
  return reckon(
      step, frame, [](int64_t a, int64_t b, int64_t& out) { return !__builtin_sub_overflow(a, b, &out); },
      [](double a, double b) { return a - b; },
      [](const Decimal& a, const Decimal& b, Decimal& out) { return Decimal::add(a, b.negated(), out); });
}

Value run_times(const Step& step, Frame& frame) {
  return reckon(
      step, frame, [](int64_t a, int64_t b, int64_t& out) { return !__builtin_mul_overflow(a, b, &out); },
      [](double a, double b) { return a * b; }, Decimal::multiply);
}

Value run_over(const Step& step, Frame& frame) {
  return reckon(
      step, frame, [](int64_t, int64_t, int64_t&) { return false; },
      [](double a, double b) { return b == 0 ? NAN : a / b; }, Decimal::divide);
}

Value run_rest(const Step& step, Frame& frame) {
  auto whole = [](int64_t a, int64_t b, int64_t& out) {
    if (b == 0) return false;
    out = b == -1 ? 0 : a % b;
    return true;
  };
  return reckon(
      step, frame, whole, [](double a, double b) { return b == 0 ? NAN : std::fmod(a, b); },
      Decimal::remainder);
}

Value run_negate(const Step& step, Frame& frame) {
  Value value = step.part(0, frame);
  switch (value.kind) {
    case Value::Kind::Int:
      if (value.i != INT64_MIN) return Value::of_int(-value.i);
      return Value::of_wide(frame.decimals[step.slot] = Decimal::of(value.i).negated());
    case Value::Kind::Wide: return Value::of_wide(frame.decimals[step.slot] = value.wide->negated());
    case Value::Kind::Real: return Value::of_real(-value.d);
    default: return {};
  }
}

Value run_abs(const Step& step, Frame& frame) {
  Value value = step.part(0, frame);
  switch (value.kind) {
    case Value::Kind::Int:
      if (value.i >= 0) return value;
      if (value.i != INT64_MIN) return Value::of_int(-value.i);
      return Value::of_wide(frame.decimals[step.slot] = Decimal::of(value.i).negated());
    case Value::Kind::Wide:
      if (!value.wide->is_negative()) return value;
      return Value::of_wide(frame.decimals[step.slot] = value.wide->negated());
    case Value::Kind::Real: return Value::of_real(std::fabs(value.d));
    default: return {};
  }
}

Value run_round(const Step& step, Frame& frame) {
  Value value = step.part(0, frame);
  Value told = step.parts.size() > 1 ? step.part(1, frame) : Value::of_int(0);
  if (!value.number() || !told.number()) return {};
  int64_t digits = nearest_place(told);
  if (value.kind == Value::Kind::Real) {
    if (digits > 300 || digits < -300) return digits > 0 ? value : Value::of_real(0);
    double unit = std::pow(10.0, static_cast<double>(std::abs(digits)));
    // Halves to the even neighbour, as the server rounds what is not exact (rint).
    double rounded = digits < 0 ? std::rint(value.d / unit) * unit : std::rint(value.d * unit) / unit;
    return std::isfinite(rounded) ? Value::of_real(rounded) : value;
  }
  if (value.kind == Value::Kind::Int && digits >= 0) return value;
  Decimal room;
  Decimal& out = frame.decimals[step.slot];
  out = *as_decimal(value, room);
  return out.round(digits) ? Value::of_wide(out) : Value();
}

}  // namespace sluice::rule
