// Spelling: values to text, straight into a buffer that is large enough. Each function writes at `out` and
// returns the end of what counts; it may scribble up to kSlack bytes behind that. Nothing here allocates or
// fails: what no server can have meant is spelt as something harmless.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "model/cell.h"

namespace sluice {

// Behind the end of anything written here so many bytes of room must be left.
constexpr size_t kSlack = 32;

// The most bytes that a value of any kind without bytes of its own takes, quotes included.
constexpr size_t kScalarBytes = 64;

inline constexpr char kPairs[201] =
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
    "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

// Two digits of n < 100.
inline char* spell_pair(char* out, uint32_t n) {
  std::memcpy(out, kPairs + 2 * n, 2);
  return out + 2;
}

// The eight decimal digits of n < 10^8, the first in the lowest byte, each 0 to 9: four digits a half, then
// two a quarter, then one a byte, all lanes at once. 10486 / 2^20 and 103 / 2^10 stand for 1/100 and 1/10.
inline uint64_t digits_of(uint32_t n) {
  uint64_t v = n / 10000 | uint64_t{n % 10000} << 32;
  uint64_t hundreds = v * 10486 >> 20 & 0x0000007f0000007f;
  v = hundreds | (v - 100 * hundreds) << 16;
  uint64_t tens = v * 103 >> 10 & 0x000f000f000f000f;
  return tens | (v - 10 * tens) << 8;
}

constexpr uint64_t kZeros = 0x3030303030303030;

// Exactly eight digits of n < 10^8.
inline char* spell_eight(char* out, uint32_t n) {
  uint64_t text = digits_of(n) + kZeros;
  std::memcpy(out, &text, 8);
  return out + 8;
}

// One or two digits of n < 100.
inline char* spell_short_pair(char* out, uint32_t n) {
  if (n >= 10) return spell_pair(out, n);
  *out = static_cast<char>('0' + n);
  return out + 1;
}

// n < 10^8, in as many digits as it has. Branches tell how many, not arithmetic: columns have values of like
// length, so the processor guesses right and need not wait for the digits to know where the next value goes.
inline char* spell_short(char* out, uint32_t n) {
  if (n < 100) return spell_short_pair(out, n);
  if (n < 10000) {
    uint32_t high = n / 100;
    return spell_pair(spell_short_pair(out, high), n - high * 100);
  }
  uint32_t high = n / 10000, low = n - high * 10000;
  if (high < 100) {
    out = spell_short_pair(out, high);
  } else {
    uint32_t top = high / 100;
    out = spell_pair(spell_short_pair(out, top), high - top * 100);
  }
  uint32_t third = low / 100;
  spell_pair(out, third);
  return spell_pair(out + 2, low - third * 100);
}

inline char* spell_uint(char* out, uint64_t n) {
  constexpr uint32_t kEight = 100'000'000;
  if (n < kEight) return spell_short(out, static_cast<uint32_t>(n));
  uint64_t high = n / kEight;
  if (high < kEight) {
    out = spell_short(out, static_cast<uint32_t>(high));
  } else {
    out = spell_short(out, static_cast<uint32_t>(high / kEight));
    out = spell_eight(out, static_cast<uint32_t>(high % kEight));
  }
  return spell_eight(out, static_cast<uint32_t>(n - high * kEight));
}

inline char* spell_int(char* out, int64_t n) {
  if (n < 0) {
    *out++ = '-';
    return spell_uint(out, 0 - static_cast<uint64_t>(n));
  }
  return spell_uint(out, static_cast<uint64_t>(n));
}

// Exactly `digits` digits of n < 10^digits, with leading zeros; digits <= 8.
inline char* spell_padded(char* out, uint32_t n, unsigned digits) {
  uint64_t text = (digits_of(n) + kZeros) >> 8 * (8 - digits) % 64;
  std::memcpy(out, &text, 8);
  return out + digits;
}

// Nine digits of n < 10^9.
inline char* spell_nine(char* out, uint32_t n) {
  *out = static_cast<char>('0' + n / 100'000'000);
  return spell_eight(out + 1, n % 100'000'000);
}

// MySQL's packed decimal (strings/decimal.c, bin2decimal): nine digits in four big-endian bytes, the odd
// digits of the whole part in front and of the fraction behind in as few bytes as they need; the first bit is
// inverted, and all bits of a negative value are. `bytes` has the size that precision and scale ask for.
char* spell_decimal(char* out, std::string_view bytes, unsigned precision, unsigned scale);

// The shortest text that reads back as the same value, without an exponent where the server shows none.
char* spell_double(char* out, double value);
char* spell_float(char* out, float value);

// .ffffff cut to `digits`; nothing for 0.
inline char* spell_fraction(char* out, uint32_t microseconds, unsigned digits) {
  if (digits == 0) return out;
  uint32_t milliseconds = microseconds % 1'000'000 / 1000, rest = microseconds % 1000;
  uint32_t whole = milliseconds / 100;
  out[0] = '.';
  out[1] = static_cast<char>('0' + whole);
  spell_pair(out + 2, milliseconds - whole * 100);
  if (digits > 3) {
    uint32_t tenth = rest / 100;
    out[4] = static_cast<char>('0' + tenth);
    spell_pair(out + 5, rest - tenth * 100);
  }
  return out + 1 + digits;
}

// Remembers where a double was spelt last: unchanged columns of an update come twice. The text is left where
// it stands until it comes again, since reading what was just written would wait for it.
class RealMemo {
 public:
  // `message`: the buffer has not moved since this number was given first.
  char* spell(char* out, double value, uint64_t message) {
    auto bits = std::bit_cast<uint64_t>(value);
    if (bits == bits_ && message == message_) {
      uint64_t text[3];  // the longest double takes 24 bytes
      std::memcpy(text, text_, sizeof text);
      std::memcpy(out, text, sizeof text);
      return out + size_;
    }
    bits_ = bits;
    message_ = message;
    text_ = out;
    char* end = spell_double(out, value);
    size_ = static_cast<uint32_t>(end - out);
    return end;
  }

 private:
  uint64_t bits_ = 0;
  uint64_t message_ = 0;
  const char* text_ = nullptr;
  uint32_t size_ = 0;
};

// 2026-01-15
inline char* spell_day(char* out, uint32_t year, uint32_t month, uint32_t day) {
  if (__builtin_expect(year > 9999, 0)) {
    out = spell_uint(out, year);
  } else {
    out = spell_pair(out, year / 100);
    out = spell_pair(out, year % 100);
  }
  *out++ = '-';
  out = spell_pair(out, month);
  *out++ = '-';
  return spell_pair(out, day);
}

inline char* spell_date(char* out, uint64_t packed) {
  return spell_day(out, static_cast<uint32_t>(packed >> 9 & 0x7fff), packed >> 5 & 15, packed & 31);
}

// 10:30:00 of hour << 12 | minute << 6 | second, hour < 64
inline char* spell_clock(char* out, uint32_t hms) {
  out = spell_pair(out, hms >> 12 & 63);
  *out++ = ':';
  out = spell_pair(out, hms >> 6 & 63);
  *out++ = ':';
  return spell_pair(out, hms & 63);
}

// 2026-01-15 10:30:00.123
inline char* spell_datetime(char* out, uint64_t packed, unsigned digits) {
  auto year_month = static_cast<uint32_t>(packed >> 46);
  out = spell_day(out, year_month / 13, year_month % 13, packed >> 41 & 31);
  *out++ = ' ';
  out = spell_clock(out, static_cast<uint32_t>(packed >> 24) & 0x1ffff);
  return spell_fraction(out, packed & 0xffffff, digits);
}

// -838:59:59.000000
inline char* spell_time(char* out, int64_t packed, unsigned digits) {
  uint64_t magnitude = packed < 0 ? 0 - static_cast<uint64_t>(packed) : static_cast<uint64_t>(packed);
  if (packed < 0) *out++ = '-';
  auto hms = static_cast<uint32_t>(magnitude >> 24);
  uint32_t hours = hms >> 12;
  if (__builtin_expect(hours > 99, 0)) {
    out = spell_uint(out, hours);
  } else {
    out = spell_pair(out, hours);
  }
  *out++ = ':';
  out = spell_pair(out, hms >> 6 & 63);
  *out++ = ':';
  out = spell_pair(out, hms & 63);
  return spell_fraction(out, magnitude & 0xffffff, digits);
}

// Remembers the day it spelt last: most rows are of the same day as the row before.
class DayMemo {
 public:
  // A DateTime cell.
  char* spell_datetime(char* out, uint64_t packed, unsigned digits) {
    auto date = static_cast<uint32_t>(packed >> 41);
    if (__builtin_expect(date != date_, 0)) {
      if (date >= 10000u * 13 << 5)
        return sluice::spell_datetime(out, packed, digits);  // a fifth digit, in a broken log
      remember_date(date);
    }
    std::memcpy(out, date_text_, 16);
    out = spell_clock(out + 11, static_cast<uint32_t>(packed >> 24) & 0x1ffff);
    return spell_fraction(out, packed & 0xffffff, digits);
  }

  // The date and time of day in UTC with `separator` between them: 2026-01-15T10:30:00
  char* spell(char* out, uint64_t seconds, char separator) {
    auto day = static_cast<uint32_t>(seconds / 86400);
    auto rest = static_cast<uint32_t>(seconds - uint64_t{day} * 86400);
    if (__builtin_expect(day != day_, 0)) remember_day(day);
    std::memcpy(out, day_text_, 16);
    out[10] = separator;
    out = spell_pair(out + 11, rest / 3600);
    *out++ = ':';
    out = spell_pair(out, rest / 60 % 60);
    *out++ = ':';
    return spell_pair(out, rest % 60);
  }

 private:
  void remember_day(uint32_t day);
  void remember_date(uint32_t date);

  uint32_t day_ = ~uint32_t{0}, date_ = ~uint32_t{0};
  char day_text_[16], date_text_[16];
};

// 2026-01-15T10:30:00.123Z, and 0000-00-00 00:00:00.000 for the zero date.
inline char* spell_timestamp(char* out, uint64_t packed, unsigned digits, DayMemo& memo) {
  if (packed == 0) return spell_datetime(out, 0, digits);
  out = memo.spell(out, packed >> 24, 'T');
  out = spell_fraction(out, packed & 0xffffff, digits);
  *out = 'Z';
  return out + 1;
}

}  // namespace sluice
