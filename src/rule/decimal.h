// Decimal: an exact number of at most 65 digits before and 30 behind the point, as the server's DECIMAL has
// at most. Nothing here allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::rule {

class Decimal {
 public:
  static constexpr unsigned kWhole = 65, kFraction = 30;  // digits

  Decimal() = default;
  static Decimal of(int64_t value);
  static Decimal of_unsigned(uint64_t value);
  // MySQL's packed form; `bytes` has the size that precision and scale ask for. Of a broken one, something.
  static Decimal unpack(std::string_view bytes, unsigned precision, unsigned scale);
  // The same form of a decimal(65, scale), which takes at most kMostPacked bytes; returns the end. Digits
  // that do not fit behind the point are rounded. Null: it has more than 65 - scale before the point.
  static constexpr size_t kMostPacked = 32;
  char* pack(char* out, unsigned scale) const;
  // `12`, `-1.50`, `.5`, `5.`; false: something else, or too many digits.
  static bool parse(std::string_view text, Decimal& out);

  // < 0, 0, > 0
  static int compare(const Decimal& a, const Decimal& b);
  // False: the result has more than 65 digits before the point, or, of the last two, `b` is zero. What does
  // not fit behind the point is rounded, half away from zero; a remainder has the sign of `a`. `out` may be
  // an operand.
  static bool add(const Decimal& a, const Decimal& b, Decimal& out);
  static bool multiply(const Decimal& a, const Decimal& b, Decimal& out);
  static bool divide(const Decimal& a, const Decimal& b, Decimal& out);
  static bool remainder(const Decimal& a, const Decimal& b, Decimal& out);
  // To `digits` behind the point, or of a negative number before it; half away from zero. False: as above.
  bool round(int64_t digits);

  Decimal negated() const;
  bool is_negative() const { return negative_; }
  bool is_zero() const;
  // Whether it is a whole number of 64 bits with a sign, which `out` then is.
  bool to_int(int64_t& out) const;
  double to_double() const;

  static constexpr size_t kMostText = kWhole + kFraction + 2;
  // The digits with at least `least` behind the point, more where there are more; returns the end.
  char* spell(char* out, unsigned least = 0) const;

 private:
  // The magnitude times 10^30, lowest first: 95 digits take 316 bits.
  static constexpr size_t kLimbs = 5;
  uint64_t limbs_[kLimbs] = {};
  bool negative_ = false;  // never of zero

  static int compare_magnitudes(const Decimal& a, const Decimal& b);
  // Times `factor` plus `more`.
  void append(uint64_t factor, uint64_t more);
  // Divides by `divisor` and returns the rest.
  uint64_t cut(uint64_t divisor);
  bool fits() const;
  // Takes a magnitude of any length, if it fits.
  bool assign(const uint64_t* limbs, size_t count, bool negative);
};

}  // namespace sluice::rule
