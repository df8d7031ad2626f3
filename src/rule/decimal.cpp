#include "rule/decimal.h"

#include <algorithm>
#include <charconv>

#include "base/powers_of_ten.h"
#include "rule/wide.h"

namespace sluice::rule {
namespace {

constexpr uint64_t kHalf = kPowersOfTen[15];  // 10^30 is its square
// 10^95, the first magnitude that does not fit.
constexpr uint64_t kEnd[] = {0, 0x301bf4a680000000, 0xe93a4802b0727839, 0x89e3fedd8c321a67,
                             0x0bfc2ef456ae276e};

}  // namespace

Decimal Decimal::of_unsigned(uint64_t value) {
  Decimal made;
  made.limbs_[0] = value;
  made.append(kHalf, 0);
  made.append(kHalf, 0);
  return made;
}

Decimal Decimal::of(int64_t value) {
  Decimal made = of_unsigned(value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value));
  made.negative_ = value < 0;
  return made;
}

// strings/decimal.c of the server, bin2decimal: see spell_decimal.
Decimal Decimal::unpack(std::string_view bytes, unsigned precision, unsigned scale) {
  static constexpr unsigned kBytes[] = {0, 1, 1, 2, 2, 3, 3, 4, 4};
  Decimal made;
  if (bytes.empty() || scale > kFraction || scale > precision || precision > kWhole + kFraction) return made;
  const auto* at = reinterpret_cast<const uint8_t*>(bytes.data());
  const auto* end = at + bytes.size();
  uint8_t flip = 0x80;  // of the very first byte
  bool negative = (*at & 0x80) == 0;
  uint8_t mask = negative ? 0xff : 0;
  auto take = [&](unsigned digits) {
    if (digits == 0) return;
    unsigned count = digits == 9 ? 4 : kBytes[digits];
    uint64_t group = 0;
    for (; count > 0 && at < end; --count, flip = 0)
      group = group << 8 | static_cast<uint8_t>(*at++ ^ mask ^ flip);
    made.append(kPowersOfTen[digits], group % kPowersOfTen[digits]);
  };
  unsigned whole = precision - scale;
  take(whole % 9);
  for (unsigned full = whole / 9; full > 0; --full) take(9);
  for (unsigned full = scale / 9; full > 0; --full) take(9);
  take(scale % 9);
  for (unsigned zeros = kFraction - scale; zeros > 0;) {
    unsigned part = std::min(zeros, 15u);
    made.append(kPowersOfTen[part], 0);
    zeros -= part;
  }
  made.negative_ = negative && !made.is_zero();
  return made;
}

char* Decimal::pack(char* out, unsigned scale) const {
  static constexpr unsigned kBytes[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
  Decimal rounded = *this;
  char text[kMostText];
  if (scale > kFraction || !rounded.round(scale)) return nullptr;
  rounded.negative_ = false;
  std::string_view spelt(text, static_cast<size_t>(rounded.spell(text, scale) - text));
  unsigned whole = kWhole - scale;
  size_t point = spelt.size() - (scale > 0 ? scale + 1 : 0);
  std::string_view digits = spelt.substr(0, point);
  if (digits.size() > whole) return nullptr;
  char padded[kWhole];
  std::fill_n(padded, whole - digits.size(), '0');
  std::copy(digits.begin(), digits.end(), padded + (whole - digits.size()));
  if (scale > 0) std::copy_n(spelt.data() + point + 1, scale, padded + whole);
  char* const begin = out;
  const char* at = padded;
  auto put = [&](unsigned count) {
    uint32_t group = 0;
    for (unsigned i = 0; i < count; ++i) group = group * 10 + static_cast<uint32_t>(*at++ - '0');
    for (unsigned i = kBytes[count]; i-- > 0;) *out++ = static_cast<char>(group >> (8 * i));
  };
  put(whole % 9);
  for (unsigned full = whole / 9; full > 0; --full) put(9);
  for (unsigned full = scale / 9; full > 0; --full) put(9);
  put(scale % 9);
  *begin = static_cast<char>(*begin ^ 0x80);
  if (negative_ && !rounded.is_zero())
    std::transform(begin, out, begin, [](char c) { return static_cast<char>(~c); });
  return out;
}

bool Decimal::parse(std::string_view text, Decimal& out) {
  bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  std::string_view whole = text.substr(0, text.find('.'));
  std::string_view fraction = whole.size() < text.size() ? text.substr(whole.size() + 1) : "";
  if (whole.empty() && fraction.empty()) return false;
  while (whole.starts_with('0')) whole.remove_prefix(1);
  while (fraction.ends_with('0')) fraction.remove_suffix(1);
  if (whole.size() > kWhole || fraction.size() > kFraction) return false;
  Decimal made;
  for (std::string_view part : {whole, fraction}) {
    for (char c : part) {
      if (c < '0' || c > '9') return false;
      made.append(10, static_cast<uint64_t>(c - '0'));
    }
  }
  for (size_t i = fraction.size(); i < kFraction; ++i) made.append(10, 0);
  made.negative_ = negative && !made.is_zero();
  out = made;
  return true;
}

void Decimal::append(uint64_t factor, uint64_t more) { wide::multiply_small(limbs_, kLimbs, factor, more); }
uint64_t Decimal::cut(uint64_t divisor) { return wide::divide_small(limbs_, kLimbs, divisor); }

bool Decimal::is_zero() const {
  return std::all_of(limbs_, limbs_ + kLimbs, [](uint64_t limb) { return limb == 0; });
}

Decimal Decimal::negated() const {
  Decimal made = *this;
  made.negative_ = !negative_ && !is_zero();
  return made;
}

int Decimal::compare_magnitudes(const Decimal& a, const Decimal& b) {
  return wide::compare(a.limbs_, b.limbs_, kLimbs);
}

int Decimal::compare(const Decimal& a, const Decimal& b) {
  if (a.negative_ != b.negative_) return a.negative_ ? -1 : 1;
  int order = compare_magnitudes(a, b);
  return a.negative_ ? -order : order;
}

bool Decimal::fits() const { return wide::compare(limbs_, kEnd, kLimbs) < 0; }

bool Decimal::assign(const uint64_t* limbs, size_t count, bool negative) {
  if (std::any_of(limbs + kLimbs, limbs + count, [](uint64_t limb) { return limb != 0; })) return false;
  std::copy_n(limbs, kLimbs, limbs_);
  negative_ = negative && !is_zero();
  return fits();
}

bool Decimal::add(const Decimal& a, const Decimal& b, Decimal& out) {
  bool swapped = a.negative_ != b.negative_ && compare_magnitudes(a, b) < 0;
  const Decimal &large = swapped ? b : a, &small = swapped ? a : b;
  Decimal made = large;
  uint64_t carry = 0;
  for (size_t i = 0; i < kLimbs; ++i) {
    uint64_t x = large.limbs_[i], y = small.limbs_[i];
    if (a.negative_ == b.negative_) {
      uint64_t sum = x + y;
      made.limbs_[i] = sum + carry;
      carry = (sum < x) | (made.limbs_[i] < sum);
    } else {
      uint64_t difference = x - y;
      made.limbs_[i] = difference - carry;
      carry = (x < y) | (difference < carry);
    }
  }
  if (made.is_zero()) made.negative_ = false;
  out = made;
  return out.fits();
}

bool Decimal::multiply(const Decimal& a, const Decimal& b, Decimal& out) {
  uint64_t product[2 * kLimbs + 1] = {};
  wide::multiply(a.limbs_, kLimbs, b.limbs_, kLimbs, product);
  wide::divide_small(product, 2 * kLimbs, kHalf);
  // Half of what the last division takes for one, so that it rounds.
  uint64_t carry = kHalf / 2;
  for (size_t i = 0; carry > 0 && i < 2 * kLimbs; ++i) {
    product[i] += carry;
    carry = product[i] < carry;
  }
  wide::divide_small(product, 2 * kLimbs, kHalf);
  return out.assign(product, 2 * kLimbs, a.negative_ != b.negative_);
}

bool Decimal::divide(const Decimal& a, const Decimal& b, Decimal& out) {
  if (b.is_zero()) return false;
  constexpr size_t kCount = kLimbs + 2;  // times 10^30
  uint64_t rest[kCount] = {}, quotient[kCount];
  std::copy_n(a.limbs_, kLimbs, rest);
  wide::multiply_small(rest, kCount, kHalf, 0);
  wide::multiply_small(rest, kCount, kHalf, 0);
  wide::divide(rest, kCount, b.limbs_, kLimbs, quotient);
  wide::multiply_small(rest, kCount, 2, 0);
  bool up = rest[kLimbs] != 0 || wide::compare(rest, b.limbs_, kLimbs) >= 0;
  if (up) wide::multiply_small(quotient, kCount, 1, 1);
  return out.assign(quotient, kCount, a.negative_ != b.negative_);
}

bool Decimal::remainder(const Decimal& a, const Decimal& b, Decimal& out) {
  if (b.is_zero()) return false;
  uint64_t rest[kLimbs], quotient[kLimbs];
  std::copy_n(a.limbs_, kLimbs, rest);
  wide::divide(rest, kLimbs, b.limbs_, kLimbs, quotient);
  return out.assign(rest, kLimbs, a.negative_);
}

bool Decimal::round(int64_t digits) {
  if (digits >= kFraction) return true;
  if (digits < -int64_t{kWhole}) {
    *this = Decimal();
    return true;
  }
  auto zeros = static_cast<unsigned>(int64_t{kFraction} - digits);
  Decimal half;
  half.limbs_[0] = 5;
  half.negative_ = negative_;
  for (unsigned i = 1; i < zeros; ++i) half.append(10, 0);
  bool fitted = add(*this, half, *this);
  for (unsigned left = zeros; left > 0; left -= std::min(left, 15u)) cut(kPowersOfTen[std::min(left, 15u)]);
  for (unsigned left = zeros; left > 0; left -= std::min(left, 15u))
    append(kPowersOfTen[std::min(left, 15u)], 0);
  if (is_zero()) negative_ = false;
  return fitted && fits();
}

bool Decimal::to_int(int64_t& out) const {
  Decimal whole = *this;
  if (whole.cut(kHalf) != 0 || whole.cut(kHalf) != 0) return false;
  uint64_t limit = uint64_t{INT64_MAX} + (negative_ ? 1 : 0);
  if (whole.limbs_[1] != 0 || whole.limbs_[2] != 0 || whole.limbs_[0] > limit) return false;
  out = static_cast<int64_t>(negative_ ? 0 - whole.limbs_[0] : whole.limbs_[0]);
  return true;
}

double Decimal::to_double() const {
  char text[kMostText];
  double value = 0;
  std::from_chars(text, spell(text), value);
  return value;
}

char* Decimal::spell(char* out, unsigned least) const {
  char digits[kWhole + kFraction + 7];  // lowest first
  size_t count = 0;
  for (Decimal rest = *this; count <= kFraction || !rest.is_zero();) {
    uint64_t group = rest.cut(kPowersOfTen[15]);
    for (int i = 0; i < 15 && count < sizeof digits; ++i, group /= 10)
      digits[count++] = static_cast<char>('0' + group % 10);
  }
  while (count > kFraction + 1 && digits[count - 1] == '0') --count;
  if (negative_) *out++ = '-';
  while (count > kFraction) *out++ = digits[--count];
  size_t end = kFraction - std::min(least, kFraction);
  size_t last = 0;  // the digits from here on are shown
  while (last < end && digits[last] == '0') ++last;
  if (last == kFraction) return out;
  *out++ = '.';
  while (count > last) *out++ = digits[--count];
  return out;
}

}  // namespace sluice::rule
