#include "format/spell_java.h"

#include <charconv>
#include <cmath>

#include "format/put.h"
#include "format/spell.h"

namespace sluice {
namespace {

// `text`: a positive number in whatever form; one digit before the point, then the exponent.
char* put_scientific(char* out, const char* text, const char* end) {
  char digits[kScalarBytes];
  int count = 0, point = -1, exponent = 0;
  for (const char* at = text; at != end; ++at) {
    if (*at == 'e') {
      std::from_chars(at + (at[1] == '+' ? 2 : 1), end, exponent);
      break;
    }
    if (*at == '.') {
      point = count;
    } else {
      digits[count++] = *at;
    }
  }
  if (point < 0) point = count;
  int first = 0;
  while (first + 1 < count && digits[first] == '0') ++first;
  while (count > first + 1 && digits[count - 1] == '0') --count;
  *out++ = digits[first];
  *out++ = '.';
  if (count == first + 1) *out++ = '0';
  out = put(out, {digits + first + 1, static_cast<size_t>(count - first - 1)});
  *out++ = 'E';
  return spell_int(out, exponent + point - first - 1);
}

// The thresholds are those of Double.toString.
template <class Real>
char* spell_java(char* out, Real value, char* (*spell)(char*, Real)) {
  if (std::isnan(value)) return put(out, "NaN");
  if (std::signbit(value)) *out++ = '-';
  Real magnitude = std::fabs(value);
  if (std::isinf(magnitude)) return put(out, "Infinity");
  if (magnitude == 0) return put(out, "0.0");
  if (magnitude >= Real(1e-3) && magnitude < Real(1e7)) {
    out = spell(out, magnitude);
    return magnitude == std::floor(magnitude) ? put(out, ".0") : out;
  }
  char text[kScalarBytes + kSlack];
  return put_scientific(out, text, spell(text, magnitude));
}

}  // namespace

char* spell_java_double(char* out, double value) { return spell_java(out, value, spell_double); }
char* spell_java_float(char* out, float value) { return spell_java(out, value, spell_float); }

}  // namespace sluice
