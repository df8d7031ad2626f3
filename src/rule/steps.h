// What steps do: the functions behind Step::run, by what they are about.
#pragma once

#include "rule/step.h"

namespace sluice::rule {

Value run_constant(const Step& step, Frame& frame);
// Of a change.
Value run_current(const Step& step, Frame& frame);
Value run_old(const Step& step, Frame& frame);
Value run_new(const Step& step, Frame& frame);
Value run_changed(const Step& step, Frame& frame);
Value run_operation(const Step& step, Frame& frame);
Value run_ts(const Step& step, Frame& frame);
// Conditions.
Value run_and(const Step& step, Frame& frame);
Value run_or(const Step& step, Frame& frame);
Value run_not(const Step& step, Frame& frame);
Value run_compare(const Step& step, Frame& frame);
Value run_between(const Step& step, Frame& frame);
Value run_in(const Step& step, Frame& frame);         // any list
Value run_in_sorted(const Step& step, Frame& frame);  // `values`; flag: NULL is among the list
Value run_like(const Step& step, Frame& frame);       // flag: of bytes
Value run_regexp(const Step& step, Frame& frame);
Value run_is_null(const Step& step, Frame& frame);
Value run_case(const Step& step, Frame& frame);     // flag: there is an ELSE
Value run_case_of(const Step& step, Frame& frame);  // the same with an operand in front
Value run_coalesce(const Step& step, Frame& frame);
// Numbers.
Value run_plus(const Step& step, Frame& frame);
Value run_minus(const Step& step, Frame& frame);
Value run_times(const Step& step, Frame& frame);
Value run_over(const Step& step, Frame& frame);
Value run_rest(const Step& step, Frame& frame);
Value run_negate(const Step& step, Frame& frame);
Value run_abs(const Step& step, Frame& frame);
Value run_round(const Step& step, Frame& frame);
// Text. flag: the argument is bytes.
Value run_lower(const Step& step, Frame& frame);
Value run_upper(const Step& step, Frame& frame);
Value run_substr(const Step& step, Frame& frame);
Value run_length(const Step& step, Frame& frame);
Value run_char_length(const Step& step, Frame& frame);
Value run_concat(const Step& step, Frame& frame);
Value run_spell(const Step& step, Frame& frame);  // a value as text; flag: of a moment, the date alone
Value run_hash(const Step& step, Frame& frame);
// Of JSON text; flag: of a binary document.
Value run_json(const Step& step, Frame& frame);
// Moments and times.
Value run_year(const Step& step, Frame& frame);
Value run_month(const Step& step, Frame& frame);
Value run_day(const Step& step, Frame& frame);
Value run_hour(const Step& step, Frame& frame);
Value run_minute(const Step& step, Frame& frame);
Value run_second(const Step& step, Frame& frame);
Value run_date(const Step& step, Frame& frame);

}  // namespace sluice::rule
