#include <algorithm>
#include <utility>

#include "base/regex.h"
#include "base/utf8.h"
#include "rule/moment.h"
#include "rule/steps.h"

namespace sluice::rule {
namespace {

template <class T>
int order_of(T a, T b) {
  return (a > b) - (a < b);
}

Value truth(bool value) { return Value::of_int(value); }

// Length in bytes of the character at the front; of bytes that are none, one.
size_t character(std::string_view text) { return std::max<size_t>(utf8_length(text), 1); }

// % stands for any characters, _ for one. What follows the last % is tried at every place; what stood before
// it need never be tried again. That takes as many comparisons as text and pattern are long, multiplied, at
// worst.
bool like(std::string_view text, std::string_view pattern, const Step& step, Frame& frame) {
  const char escape = step.escape;
  auto one = [&](std::string_view rest) { return step.flag ? 1 : character(rest); };
  std::string_view retry_text, retry_pattern;
  bool retry = false;
  for (uint64_t compared = 0;; ++compared) {
    if (pattern.starts_with('%') && escape != '%') {
      pattern.remove_prefix(1);
      if (pattern.empty()) return true;
      retry_text = text;
      retry_pattern = pattern;
      retry = true;
      continue;
    }
    if (pattern.empty() && text.empty()) return true;
    size_t taken = 0;
    if (!pattern.empty() && !text.empty()) {
      bool literal = pattern[0] == escape && pattern.size() > 1;
      if (literal) {
        taken = pattern[1] == text[0] ? 1 : 0;
        if (taken > 0) pattern.remove_prefix(1);
      } else if (pattern[0] == '_') {
        taken = one(text);
      } else {
        taken = pattern[0] == text[0] ? 1 : 0;
      }
    }
    if (taken > 0) {
      pattern.remove_prefix(1);
      text.remove_prefix(taken);
      continue;
    }
    if (!retry || retry_text.empty() || !frame.spend(std::exchange(compared, 0))) return false;
    retry_text.remove_prefix(one(retry_text));
    text = retry_text;
    pattern = retry_pattern;
  }
}

}  // namespace

int order_texts(const Value& a, const Value& b) {
  int order = a.text().compare(b.text());
  return order_of(order, 0);
}
int order_moments(const Value& a, const Value& b) { return order_of(a.u, b.u); }
int order_times(const Value& a, const Value& b) { return order_of(a.i, b.i); }

int order_any(const Value& a, const Value& b) {
  if (a.number() && b.number()) return order_numbers(a, b);
  if (a.kind == b.kind) {
    if (a.kind == Value::Kind::Text) return order_texts(a, b);
    return a.kind == Value::Kind::Moment ? order_moments(a, b) : order_times(a, b);
  }
  if (a.kind != Value::Kind::Text) {
    int order = b.kind == Value::Kind::Text ? order_any(b, a) : kNoOrder;
    return order == kNoOrder ? order : -order;
  }
  Value parsed = b;
  unsigned digits = 0;
  bool fits = b.kind == Value::Kind::Moment ? parse_moment(a.text(), parsed.u, digits)
              : b.kind == Value::Kind::Time ? parse_time(a.text(), parsed.i, digits)
                                            : false;
  return fits ? order_any(parsed, b) : kNoOrder;
}

Value run_and(const Step& step, Frame& frame) {
  bool unknown = false;
  for (const Step* part : step.parts) {
    Value value = (*part)(frame);
    if (value.null()) {
      unknown = true;
    } else if (!is_true(value)) {
      return truth(false);
    }
  }
  return unknown ? Value() : truth(true);
}

Value run_or(const Step& step, Frame& frame) {
  bool unknown = false;
  for (const Step* part : step.parts) {
    Value value = (*part)(frame);
    if (is_true(value)) return truth(true);
    unknown |= value.null();
  }
  return unknown ? Value() : truth(false);
}

Value run_not(const Step& step, Frame& frame) {
  Value value = step.part(0, frame);
  return value.null() ? value : truth(!is_true(value));
}

namespace {

Value compared(const Step& step, const Value& a, const Value& b) {
  int order = a.null() || b.null() ? kNoOrder : step.order(a, b);
  if (order != kNoOrder) return truth(step.mask >> (order + 1) & 1);
  return step.null_safe ? truth(a.null() && b.null()) : Value();
}

}  // namespace

Value run_compare(const Step& step, Frame& frame) {
  Value a = step.part(0, frame);
  return compared(step, a, step.part(1, frame));
}

Value run_between(const Step& step, Frame& frame) {
  Value value = step.part(0, frame), least = step.part(1, frame), most = step.part(2, frame);
  auto order = [&](const Value& bound) {
    return value.null() || bound.null() ? kNoOrder : step.order(value, bound);
  };
  int from_least = order(least), from_most = order(most);
  if (from_least == -1 || from_most == 1) return truth(false);
  return from_least == kNoOrder || from_most == kNoOrder ? Value() : truth(true);
}

Value run_in(const Step& step, Frame& frame) {
  Value value = step.part(0, frame);
  if (value.null()) return {};
  bool unknown = false;
  for (const Step* part : step.parts.subspan(1)) {
    Value each = (*part)(frame);
    int order = each.null() ? kNoOrder : step.order(value, each);
    if (order == 0) return truth(true);
    unknown |= order == kNoOrder;
  }
  return unknown ? Value() : truth(false);
}

Value run_in_sorted(const Step& step, Frame& frame) {
  Value value = step.part(0, frame);
  if (value.null()) return {};
  auto at = std::lower_bound(step.values.begin(), step.values.end(), value,
                             [&](const Value& a, const Value& b) { return step.order(a, b) < 0; });
  if (at != step.values.end() && step.order(value, *at) == 0) return truth(true);
  return step.flag ? Value() : truth(false);
}

Value run_like(const Step& step, Frame& frame) {
  Value text = step.part(0, frame), pattern = step.part(1, frame);
  if (text.kind != Value::Kind::Text || pattern.kind != Value::Kind::Text) return {};
  return truth(like(text.text(), pattern.text(), step, frame));
}

Value run_regexp(const Step& step, Frame& frame) {
  Value text = step.part(0, frame);
  if (text.kind != Value::Kind::Text) return {};
  // A large expression may take a step of each of its parts for each byte.
  constexpr uint64_t kStepsAByte = 8;
  if (!frame.spend(text.size * (step.pattern->steps() / kStepsAByte))) return {};
  return truth(step.pattern->found_in(text.text()));
}

Value run_is_null(const Step& step, Frame& frame) { return truth(step.part(0, frame).null()); }

Value run_case(const Step& step, Frame& frame) {
  size_t i = 0;
  for (; i + 1 < step.parts.size(); i += 2) {
    if (is_true(step.part(i, frame))) return step.part(i + 1, frame);
  }
  return step.flag ? step.part(i, frame) : Value();
}

Value run_case_of(const Step& step, Frame& frame) {
  Value value = step.part(0, frame);
  size_t i = 1;
  for (; i + 1 < step.parts.size(); i += 2) {
    Value when = step.part(i, frame);
    if (!value.null() && !when.null() && step.order(value, when) == 0) return step.part(i + 1, frame);
  }
  return step.flag ? step.part(i, frame) : Value();
}

Value run_coalesce(const Step& step, Frame& frame) {
  for (const Step* part : step.parts) {
    if (Value value = (*part)(frame); !value.null()) return value;
  }
  return {};
}

}  // namespace sluice::rule
