#include "wire/mysql/charset.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <mutex>

#include "base/check.h"
#include "wire/mysql/charset_tables.h"

namespace sluice::mysql {

static_assert(std::endian::native == std::endian::little);

// The expanded table of one character set, made when it is first looked up (1 to 145 KB; most servers use one
// or two). one).
struct CharsetTable {
  std::unique_ptr<uint16_t[]> cells, four;
  // Single bytes: UTF-8 in the low three bytes, its length in bits 24 and 25, bit 31 set when it is an
  // escape.
  uint32_t utf8[256];
};

namespace {

constexpr size_t kPairs = 128, kPairCells = 128 * 256;
constexpr size_t kFourCells = 39420;             // 81308130 to 8431A439
constexpr uint32_t kFourSupplementary = 189000;  // 90308130, U+10000
constexpr uint32_t kInvalid = UINT32_MAX;

// May write four bytes, as the room for converted text allows.
[[gnu::always_inline]] inline char* put(char* out, uint32_t c) {
  if (c >= 0x800 && c < 0x10000) {
    uint32_t three = 0x8080E0 | c >> 12 | (c & 0xFC0) << 2 | (c & 0x3F) << 16;
    std::memcpy(out, &three, 4);
    return out + 3;
  }
  if (c < 0x80) {
    *out++ = static_cast<char>(c);
  } else if (c < 0x800) {
    *out++ = static_cast<char>(0xC0 | c >> 6);
    *out++ = static_cast<char>(0x80 | (c & 0x3F));
  } else {
    *out++ = static_cast<char>(0xF0 | c >> 18);
    *out++ = static_cast<char>(0x80 | (c >> 12 & 0x3F));
    *out++ = static_cast<char>(0x80 | (c >> 6 & 0x3F));
    *out++ = static_cast<char>(0x80 | (c & 0x3F));
  }
  return out;
}

char* escape(const uint8_t* in, size_t size, char* out, uint64_t& invalid) {
  for (size_t i = 0; i < size; ++i) out = put(out, 0xDC00u + in[i]);
  invalid += size;
  return out;
}

// Copies up to the first byte that is not ASCII. May write 16 bytes at `out` while 16 bytes of input are
// left.
inline void copy_ascii(const uint8_t*& in, const uint8_t* end, char*& out) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  for (; end - in >= 16; in += 16, out += 16) {
    uint64_t low, high;
    std::memcpy(&low, in, 8);
    std::memcpy(&high, in + 8, 8);
    std::memcpy(out, &low, 8);
    std::memcpy(out + 8, &high, 8);
    low &= kHighBits;
    high &= kHighBits;
    if ((low | high) == 0) continue;
    int ascii = low != 0 ? std::countr_zero(low) / 8 : 8 + std::countr_zero(high) / 8;
    in += ascii;
    out += ascii;
    return;
  }
  while (in != end && *in < 0x80) *out++ = static_cast<char>(*in++);
}

char* copy(const CharsetTable&, std::string_view text, char* out, uint64_t&) {
  if (!text.empty()) std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

template <bool ascii>
char* convert_single(const CharsetTable& table, std::string_view text, char* out, uint64_t& invalid) {
  const auto* in = reinterpret_cast<const uint8_t*>(text.data());
  const uint8_t* end = in + text.size();
  uint64_t escapes = 0;  // in a register: `out` might alias `invalid`
  while (in != end) {
    if constexpr (ascii) copy_ascii(in, end, out);
    // Letters of one script stand together: a stretch through the table costs less than looking for ASCII
    // again.
    const uint8_t* stop = end - in > 16 ? in + 16 : end;
    for (; in != stop; ++in) {
      uint32_t utf8 = table.utf8[*in];
      std::memcpy(out, &utf8, 4);
      out += utf8 >> 24 & 3;
      escapes += utf8 >> 31;
    }
  }
  invalid += escapes;
  return out;
}

struct Character {
  uint32_t code;  // or kInvalid
  size_t size;    // bytes that it takes, or that are invalid together
};

Character from_cell(uint16_t cell, size_t size) {
  if (cell < kIllFormed) return {cell, size};
  return {kInvalid, cell == kUnassigned ? size : 1};
}

Character four_bytes(const CharsetTable& table, const uint8_t* in) {
  auto between = [](uint8_t byte, uint8_t low, uint8_t high) { return byte >= low && byte <= high; };
  if (!between(in[0], 0x81, 0xFE) || !between(in[2], 0x81, 0xFE) || !between(in[3], '0', '9'))
    return {kInvalid, 1};
  uint32_t index = (in[0] - 0x81) * 12600 + (in[1] - '0') * 1260 + (in[2] - 0x81) * 10 + (in[3] - '0');
  if (index < kFourCells) return {table.four[index], 4};
  if (index < kFourSupplementary || index - kFourSupplementary > 0xFFFFF) return {kInvalid, 4};
  return {index - kFourSupplementary + 0x10000, 4};
}

template <Encoding encoding>
inline Character next(const CharsetTable& table, const uint8_t* in, const uint8_t* end) {
  const uint16_t* cells = table.cells.get();
  uint16_t cell = cells[*in & 0x7F];
  if (cell != kIllFormed || end - in < 2) return from_cell(cell, 1);
  if constexpr (encoding == Encoding::Triple) {
    if (*in == 0x8F) {
      if (end - in < 3 || in[1] < 0x80) return {kInvalid, 1};
      return from_cell(cells[kPairs + kPairCells + ((in[1] & 0x7Fu) << 8 | in[2])], 3);
    }
  }
  if constexpr (encoding == Encoding::Gb18030) {
    if (in[1] >= '0' && in[1] <= '9') return end - in < 4 ? Character{kInvalid, 1} : four_bytes(table, in);
  }
  return from_cell(cells[kPairs + ((in[0] & 0x7Fu) << 8 | in[1])], 2);
}

template <Encoding encoding>
char* convert_multi(const CharsetTable& table, std::string_view text, char* out, uint64_t& invalid) {
  const auto* in = reinterpret_cast<const uint8_t*>(text.data());
  const uint8_t* end = in + text.size();
  for (;;) {
    copy_ascii(in, end, out);
    if (in == end) return out;
    do {
      Character character = next<encoding>(table, in, end);
      out = character.code != kInvalid ? put(out, character.code) : escape(in, character.size, out, invalid);
      in += character.size;
    } while (in != end && *in >= 0x80);
  }
}

template <bool big>
uint32_t unit(const uint8_t* in) {
  return big ? in[0] << 8 | in[1] : in[1] << 8 | in[0];
}

template <bool big>
inline void copy_ascii_units(const uint8_t*& in, const uint8_t* end, char*& out) {
  constexpr uint64_t kNotAscii = big ? 0x80FF80FF80FF80FF : 0xFF80FF80FF80FF80;
  for (; end - in >= 8; in += 8, out += 4) {
    uint64_t units;
    std::memcpy(&units, in, 8);
    if ((units & kNotAscii) != 0) return;
    if (big) units >>= 8;
    units = (units | units >> 8) & 0x0000FFFF0000FFFF;
    auto bytes = static_cast<uint32_t>(units | units >> 16);
    std::memcpy(out, &bytes, 4);
  }
}

template <bool big, bool surrogates>
char* convert_units(const CharsetTable&, std::string_view text, char* out, uint64_t& invalid) {
  const auto* in = reinterpret_cast<const uint8_t*>(text.data());
  const uint8_t* end = in + text.size();
  while (end - in >= 2) {
    copy_ascii_units<big>(in, end, out);
    const uint8_t* stop = end - in > 8 ? in + 8 : end - (end - in) % 2;
    while (in < stop) {
      uint32_t c = unit<big>(in);
      if ((c & 0xF800) != 0xD800) {
        out = put(out, c);
        in += 2;
        continue;
      }
      uint32_t low = surrogates && c < 0xDC00 && end - in >= 4 ? unit<big>(in + 2) : 0;
      bool pair = (low & 0xFC00) == 0xDC00;
      out = pair ? put(out, 0x10000 + ((c & 0x3FF) << 10) + (low & 0x3FF)) : escape(in, 2, out, invalid);
      in += pair ? 4 : 2;
    }
  }
  return escape(in, static_cast<size_t>(end - in), out, invalid);
}

char* convert_utf32(const CharsetTable&, std::string_view text, char* out, uint64_t& invalid) {
  const auto* in = reinterpret_cast<const uint8_t*>(text.data());
  const uint8_t* end = in + text.size();
  for (; end - in >= 4; in += 4) {
    uint32_t c = unit<true>(in) << 16 | unit<true>(in + 2);
    out = c <= 0x10FFFF && (c & 0xFFFFF800) != 0xD800 ? put(out, c) : escape(in, 4, out, invalid);
  }
  return escape(in, static_cast<size_t>(end - in), out, invalid);
}

void expand(std::string_view packed, const uint16_t* base, uint16_t* cells, size_t count) {
  size_t at = 0;
  for (const char* p = packed.data(); p != packed.data() + packed.size();) {
    if (*p < '0') {
      ++p;
      continue;
    }
    uint32_t token = (p[0] - '0') << 12 | (p[1] - '0') << 6 | (p[2] - '0');
    p += 3;
    auto n = static_cast<uint16_t>(token);
    switch (static_cast<Token>(token >> 16)) {
      case Token::Literal: cells[at++] = n; break;
      case Token::Run:
        for (; n != 0; --n, ++at) cells[at] = static_cast<uint16_t>(at == 0 ? 0 : cells[at - 1] + 1);
        break;
      case Token::Copy:
        std::copy_n(base + at, n, cells + at);
        at += n;
        break;
      case Token::Fill:
        std::fill_n(cells + at, n / 2, n % 2 != 0 ? kUnassigned : kIllFormed);
        at += n / 2;
        break;
    }
  }
  CHECK(at == count);
}

bool same_letters(std::string_view a, std::string_view lower) {
  auto fold = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::equal(a.begin(), a.end(), lower.begin(), lower.end(),
                    [&](char x, char y) { return fold(x) == y; });
}

}  // namespace

class Charsets {
 public:
  const Charset* at(size_t index) {
    Slot& slot = slots_[index];
    std::call_once(slot.once, [&] { prepare(slot, charset_sources[index]); });
    return &slot.charset;
  }
  const Charset* find(std::string_view name) {
    for (size_t i = 0; i < kCharsetCount; ++i)
      if (same_letters(name, charset_sources[i].name)) return at(i);
    return nullptr;
  }

 private:
  struct Slot {
    std::once_flag once;
    Charset charset;
    CharsetTable table;
  };

  void prepare(Slot& slot, const CharsetSource& source);
  void prepare_single(CharsetTable& table, const CharsetSource& source);
  void prepare_multi(CharsetTable& table, const CharsetSource& source);
  static Charset::Convert convert(Encoding encoding);

  std::array<Slot, kCharsetCount> slots_;
};

void Charsets::prepare(Slot& slot, const CharsetSource& source) {
  Charset& charset = slot.charset;
  charset.source_ = &source;
  charset.convert_ = convert(source.encoding);
  charset.table_ = &slot.table;
  charset.binary_ = source.encoding == Encoding::Binary;
  charset.utf8_ = source.encoding == Encoding::Utf8;
  if (source.encoding == Encoding::Single || source.encoding == Encoding::Swedish)
    prepare_single(slot.table, source);
  else if (!source.cells.empty())
    prepare_multi(slot.table, source);
}

void Charsets::prepare_single(CharsetTable& table, const CharsetSource& source) {
  uint16_t cells[256];
  expand(source.cells, nullptr, cells, 256);
  for (size_t byte = 0; byte < 256; ++byte) {
    bool invalid = cells[byte] >= kIllFormed;
    char utf8[4] = {};
    auto size = static_cast<uint32_t>(put(utf8, invalid ? 0xDC00 + byte : cells[byte]) - utf8);
    std::memcpy(&table.utf8[byte], utf8, 4);
    table.utf8[byte] |= size << 24 | (invalid ? 1u << 31 : 0);
  }
}

void Charsets::prepare_multi(CharsetTable& table, const CharsetSource& source) {
  const Charset* base = source.base != nullptr ? find(source.base) : nullptr;
  size_t count = kPairs + kPairCells * (source.encoding == Encoding::Triple ? 2 : 1);
  table.cells = std::make_unique<uint16_t[]>(count);
  expand(source.cells, base != nullptr ? base->table_->cells.get() : nullptr, table.cells.get(), count);
  if (source.encoding != Encoding::Gb18030) return;
  table.four = std::make_unique<uint16_t[]>(kFourCells);
  expand(source.four, nullptr, table.four.get(), kFourCells);
}

Charset::Convert Charsets::convert(Encoding encoding) {
  switch (encoding) {
    case Encoding::Binary:
    case Encoding::Utf8: return copy;
    case Encoding::Single: return convert_single<true>;
    case Encoding::Swedish: return convert_single<false>;
    case Encoding::Double: return convert_multi<Encoding::Double>;
    case Encoding::Triple: return convert_multi<Encoding::Triple>;
    case Encoding::Gb18030: return convert_multi<Encoding::Gb18030>;
    case Encoding::Ucs2: return convert_units<true, false>;
    case Encoding::Utf16: return convert_units<true, true>;
    case Encoding::Utf16le: return convert_units<false, true>;
    case Encoding::Utf32: return convert_utf32;
  }
  return nullptr;
}

namespace {

Charsets& charsets() {
  static Charsets all;
  return all;
}

}  // namespace

std::string_view Charset::name() const { return source_->name; }

const Charset* charset_by_name(std::string_view name) {
  return charsets().find(same_letters(name, "utf8") ? "utf8mb3" : name);
}

const Charset* charset_by_collation(uint32_t id) {
  const CollationRun* end = collation_runs + collation_run_count;
  const CollationRun* run = std::lower_bound(
      collation_runs, end, id, [](const CollationRun& r, uint32_t wanted) { return r.last < wanted; });
  return run != end && id >= run->first ? charsets().at(run->charset) : nullptr;
}

const Charset* charset_by_collation_name(std::string_view name) {
  return charset_by_name(name.substr(0, name.find('_')));
}

}  // namespace sluice::mysql
