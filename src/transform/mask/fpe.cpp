// Format-preserving encryption: what is hidden has the shape of what it hides, and no two values become one.
#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "crypto/ff1.h"
#include "format/spell.h"
#include "rule/decimal.h"
#include "transform/mask/kinds.h"

namespace sluice::mask {
namespace {

constexpr Option kOptions[] = {
    {"alphabet",
     OptionKind::Text,
     "digits",
     "of text, the characters that are encrypted, each becoming one of them: digits; lower, 0-9 and a-z; "
     "alphanumeric, 0-9, A-Z and a-z; or the characters themselves",
     {},
     false,
     "digits|lower|alphanumeric|CHARACTERS"},
    {"tweak", OptionKind::Text, "", "tells columns apart that are to differ where they hold the same value"},
    {"aes_key", OptionKind::Secret, "",
     "32, 48 or 64 hexadecimal digits, for AES of 128, 192 or 256 bits; none: 256 bits made of the masks' "
     "key"},
    {"otherwise", OptionKind::Choice, "stop",
     "what becomes of a text with fewer than a million others of its shape, with more than 128 characters of "
     "the alphabet, or with letters, digits or characters beyond ASCII that are not of it",
     "stop|null|hash"},
};

constexpr std::string_view kDigits = "0123456789", kLower = "0123456789abcdefghijklmnopqrstuvwxyz",
                           kAlphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

std::string alphabet_of(const Settings& settings) {
  std::string told = settings.text("alphabet");
  if (told == "digits") return std::string(kDigits);
  if (told == "lower") return std::string(kLower);
  return told == "alphanumeric" ? std::string(kAlphanumeric) : told;
}

// Empty: it is no key.
std::string aes_key(const Settings& settings, const Secret& master) {
  Secret told = settings.secret("aes_key");
  if (told.empty()) {
    HmacSha256 hmac(master);
    hmac.add(std::string_view("\0fpe\0", 5));
    auto code = hmac.finish();
    return {reinterpret_cast<const char*>(code.data()), code.size()};
  }
  const std::string& hex = told.reveal();
  if (hex.size() != 32 && hex.size() != 48 && hex.size() != 64) return {};
  std::string key;
  int high = -1;
  for (char c : hex) {
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
    if (digit < 0) return {};
    if (high >= 0) key += static_cast<char>(high << 4 | digit);
    high = high >= 0 ? -1 : digit;
  }
  return key;
}

class TextFpe : public Mask {
 public:
  TextFpe(const Making& making, std::string_view key)
      : alphabet_(alphabet_of(making.settings)),
        ff1_(key, static_cast<unsigned>(alphabet_.size()), making.settings.text("tweak")),
        otherwise_(making.settings, making.key, making.column()) {
    numeral_of_.fill(-1);
    for (size_t i = 0; i < alphabet_.size(); ++i)
      numeral_of_[static_cast<unsigned char>(alphabet_[i])] = static_cast<int16_t>(i);
  }

  Result<Cell> apply(const Cell& cell, const Image& image) override {
    if (cell.kind != Kind::Text) return strange_cell();
    if (cell.size == 0) return cell;
    std::array<uint8_t, Ff1::kMostNumerals> numerals;
    unsigned count = 0;
    for (char c : cell.bytes()) {
      int16_t numeral = numeral_of_[static_cast<unsigned char>(c)];
      if (numeral >= 0 && count < Ff1::kMostNumerals) {
        numerals[count++] = static_cast<uint8_t>(numeral);
      } else if (numeral >= 0 || must_not_stay(c)) {
        return otherwise_.apply(cell, image.arena,
                                "a text is too long or has characters not of the alphabet");
      }
    }
    if (count < ff1_.least_numerals()) {
      return otherwise_.apply(cell, image.arena,
                              "a text has so few characters of the alphabet that all others like it could be "
                              "tried");
    }
    ff1_.encrypt({numerals.data(), count});
    char* out = image.arena.allocate(cell.size);
    unsigned next = 0;
    std::transform(cell.data, cell.data + cell.size, out, [&](char c) {
      return numeral_of_[static_cast<unsigned char>(c)] >= 0 ? alphabet_[numerals[next++]] : c;
    });
    Cell made = cell;
    made.data = out;
    return made;
  }

 private:
  static bool must_not_stay(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           static_cast<unsigned char>(c) >= 0x80;
  }

  const std::string alphabet_;
  const Ff1 ff1_;
  Otherwise otherwise_;
  std::array<int16_t, 256> numeral_of_;
};

// Whole numbers keep their sign and stay within their type: what is encrypted are its bits.
class WholeFpe : public Mask {
 public:
  WholeFpe(std::string_view key, std::string_view tweak, unsigned bits) : ff1_(key, 2, tweak), bits_(bits) {}

  Result<Cell> apply(const Cell& cell, const Image&) override {
    Cell made = cell;
    if (cell.kind == Kind::Uint) {
      made.u = encrypted(cell.u);
    } else if (cell.kind == Kind::Int) {
      made.i = cell.i < 0 ? ~static_cast<int64_t>(encrypted(static_cast<uint64_t>(~cell.i)))
                          : static_cast<int64_t>(encrypted(static_cast<uint64_t>(cell.i)));
    } else {
      return strange_cell();
    }
    return made;
  }

 private:
  uint64_t encrypted(uint64_t value) {
    uint8_t numerals[64];
    for (unsigned i = 0; i < bits_; ++i) numerals[i] = value >> (bits_ - 1 - i) & 1;
    ff1_.encrypt({numerals, bits_});
    value = 0;
    for (unsigned i = 0; i < bits_; ++i) value = value << 1 | numerals[i];
    return value;
  }

  const Ff1 ff1_;
  const unsigned bits_;
};

// All digits that the column can have, those in front that are 0 among them.
class DecimalFpe : public Mask {
 public:
  DecimalFpe(std::string_view key, std::string_view tweak, unsigned digits)
      : ff1_(key, 10, tweak), digits_(digits) {}

  Result<Cell> apply(const Cell& cell, const Image& image) override {
    if (cell.kind != Kind::Decimal || cell.aux != digits_) return strange_cell();
    char text[rule::Decimal::kMostText + kSlack + 64];
    char* end = spell_decimal(text, cell.bytes(), cell.aux, cell.aux2);
    uint8_t numerals[rule::Decimal::kWhole] = {};
    size_t at = digits_;
    for (std::string_view rest(text, static_cast<size_t>(end - text)); !rest.empty() && at > 0;
         rest.remove_suffix(1)) {
      char c = rest.back();
      if (c >= '0' && c <= '9') numerals[--at] = static_cast<uint8_t>(c - '0');
    }
    // Below zero there is no zero: what becomes one is encrypted once more, which stays one to one.
    bool negative = text[0] == '-';
    do {
      ff1_.encrypt({numerals, digits_});
    } while (negative && std::all_of(numerals, numerals + digits_, [](uint8_t n) { return n == 0; }));
    char made[rule::Decimal::kWhole + 3];
    char* out = made;
    if (negative) *out++ = '-';
    for (unsigned i = 0; i < digits_; ++i) {
      if (i + cell.aux2 == digits_) *out++ = '.';
      *out++ = static_cast<char>('0' + numerals[i]);
    }
    rule::Decimal number;
    char* bytes = image.arena.allocate(rule::Decimal::kMostPacked);
    std::string_view spelt(made, static_cast<size_t>(out - made));
    end = rule::Decimal::parse(spelt, number) ? number.pack(bytes, cell.aux2) : nullptr;
    if (!end) return strange_cell();
    Cell packed{.size = static_cast<uint32_t>(end - bytes),
                .kind = Kind::Decimal,
                .aux = rule::Decimal::kWhole,
                .aux2 = cell.aux2};
    packed.data = bytes;
    return packed;
  }

 private:
  const Ff1 ff1_;
  const unsigned digits_;
};

Result<void> check(const Settings& settings) {
  std::string alphabet = alphabet_of(settings);
  bool good = alphabet.size() >= 2;
  for (size_t i = 0; i < alphabet.size(); ++i)
    good =
        good && alphabet[i] > ' ' && alphabet[i] < 0x7f && alphabet.find(alphabet[i], i + 1) == alphabet.npos;
  if (!good) {
    return usage(
        "alphabet: expected digits, lower, alphanumeric, or at least two different characters of ASCII");
  }
  if (settings.text("tweak").size() > Ff1::kMostTweak)
    return usage("tweak: expected at most {} bytes", Ff1::kMostTweak);
  if (settings.given("aes_key") && aes_key(settings, Secret()).empty())
    return usage("aes_key: expected 32, 48 or 64 hexadecimal digits");
  return {};
}

Result<MaskPtr> make(const Making& making, Column& column) {
  const Column& plain = making.column();
  std::string key = aes_key(making.settings, making.key), tweak = making.settings.text("tweak");
  if (is_text(plain.type)) {
    auto mask = std::make_unique<TextFpe>(making, key);
    std::string otherwise = making.settings.text("otherwise");
    if (otherwise == "null") column.nullable = true;
    if (otherwise == "hash") make_room(column, 2 * HmacSha256::kBytes);
    return mask;
  }
  if (plain.type == ColumnType::Decimal && plain.precision >= 6) {
    column.precision = rule::Decimal::kWhole;
    return std::make_unique<DecimalFpe>(key, tweak, plain.precision);
  }
  constexpr unsigned kBits[] = {24, 32, 64};
  if (plain.type >= ColumnType::MediumInt && plain.type <= ColumnType::BigInt) {
    unsigned bits = kBits[static_cast<size_t>(plain.type) - static_cast<size_t>(ColumnType::MediumInt)];
    return std::make_unique<WholeFpe>(key, tweak, bits - !plain.is_unsigned);
  }
  return does_not_take(fpe_kind, making);
}

}  // namespace

const MaskKind fpe_kind = {
    "fpe",
    "encrypted, with the same characters in the same places (FF1 of NIST SP 800-38G)",
    "text, whole numbers from mediumint on and decimals of at least six digits, since fewer values can all "
    "be tried",
    kOptions,
    make,
    false,
    check};

}  // namespace sluice::mask
