#include "format/json_binary.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "base/base64.h"
#include "base/utf8.h"
#include "format/json_text.h"
#include "format/put.h"
#include "format/spell.h"
#include "format/sql_text.h"

namespace sluice {
namespace {

std::atomic<uint64_t> malformed_documents{0};

// Types of values (sql-common/json_binary.cc).
enum : uint8_t {
  kSmallObject = 0x00,
  kLargeObject = 0x01,
  kSmallArray = 0x02,
  kLargeArray = 0x03,
  kLiteral = 0x04,
  kInt16 = 0x05,
  kUint16 = 0x06,
  kInt32 = 0x07,
  kUint32 = 0x08,
  kInt64 = 0x09,
  kUint64 = 0x0a,
  kDouble = 0x0b,
  kString = 0x0c,
  kOpaque = 0x0f,
};
// Column types that opaque values name (include/field_types.h).
enum : uint8_t {
  kTypeTimestamp = 7,
  kTypeDate = 10,
  kTypeTime = 11,
  kTypeDateTime = 12,
  kTypeNewDecimal = 246,
};

template <class T>
T load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

template <class Integer>
char* put_integer(char* out, Integer value) {
  return std::is_signed_v<Integer> ? spell_int(out, value) : spell_uint(out, value);
}

// The server's rule (strings/dtoa.cc, my_gcvt; then json_dom.cc adds `.0` to what looks like an integer):
// shortest digits, without an exponent from 1e-15 up to 1e15, and beyond where the digits have a fraction.
char* put_double(char* out, double value) {
  char shortest[32];
  char* end = std::to_chars(shortest, shortest + sizeof shortest, value, std::chars_format::scientific).ptr;
  const char* at = shortest;
  if (*at == '-') *out++ = *at++;
  char digits[32];
  int count = 0;
  for (; *at != 'e'; ++at) {
    if (*at != '.') digits[count++] = *at;
  }
  int exponent = 0;
  std::from_chars(at + (at[1] == '+' ? 2 : 1), end, exponent);
  int point = exponent + 1;  // digits before the decimal point
  if (value == 0) return put(out, "0.0");
  if (point < -14 || (point > 15 && count <= point)) {
    *out++ = digits[0];
    if (count > 1) *out++ = '.';
    out = put(out, {digits + 1, static_cast<size_t>(count - 1)});
    *out++ = 'e';
    return put_integer(out, exponent);
  }
  if (point <= 0) {
    out = put(out, "0.");
    for (int i = point; i < 0; ++i) *out++ = '0';
    return put(out, {digits, static_cast<size_t>(count)});
  }
  for (int i = 0; i < point; ++i) *out++ = i < count ? digits[i] : '0';
  *out++ = '.';
  if (count <= point) return put(out, "0");
  return put(out, {digits + point, static_cast<size_t>(count - point)});
}

// With an exponent, or it would be a decimal.
char* put_sql_double(char* out, double value) {
  char* end = spell_double(out, value);
  return std::find(out, end, 'e') == end ? put(end, "e0") : end;
}

// kSql: an expression of MySQL's, else JSON text.
template <bool kSql>
class Printer {
 public:
  Printer(char* out, size_t size, JsonSpacing spacing)
      : out_(out), budget_(size), spaced_(spacing == JsonSpacing::Server) {}

  // `bytes`: from the value's first byte to the end of what contains it.
  bool value(uint8_t type, std::string_view bytes) {
    switch (type) {
      case kSmallObject: return container(bytes, 2, true);
      case kLargeObject: return container(bytes, 4, true);
      case kSmallArray: return container(bytes, 2, false);
      case kLargeArray: return container(bytes, 4, false);
      case kLiteral: return spend(bytes, 1) && literal(static_cast<uint8_t>(bytes[0]));
      case kInt16: return integer<int16_t>(bytes);
      case kUint16: return integer<uint16_t>(bytes);
      case kInt32: return integer<int32_t>(bytes);
      case kUint32: return integer<uint32_t>(bytes);
      case kInt64: return integer<int64_t>(bytes);
      case kUint64: return integer<uint64_t>(bytes);
      case kDouble: {
        if (!spend(bytes, 8)) return false;
        auto number = load<double>(bytes.data());
        if (!std::isfinite(number)) return false;
        out_ = kSql ? put_sql_double(out_, number) : put_double(out_, number);
        return true;
      }
      case kString: return counted(bytes) && string(bytes);
      case kOpaque: {
        if (!spend(bytes, 1)) return false;
        auto column_type = static_cast<uint8_t>(bytes[0]);
        bytes.remove_prefix(1);
        return counted(bytes) && opaque(column_type, bytes);
      }
      default: return false;
    }
  }

  bool spend(std::string_view bytes, uint64_t n) {
    if (bytes.size() < n || budget_ < n) return false;
    budget_ -= n;
    return true;
  }
  char* end() const { return out_; }

 private:
  template <class Integer>
  bool integer(std::string_view bytes) {
    if (!spend(bytes, sizeof(Integer))) return false;
    out_ = put_integer(out_, load<Integer>(bytes.data()));
    return true;
  }

  bool literal(uint8_t which) {
    static constexpr std::string_view kNames[] = {"null", "true", "false"};
    if (which > 2) return false;
    out_ = put(out_, kNames[which]);
    return true;
  }

  // Cuts `bytes` to what its own length says: seven bits a byte, the lowest first, at most five bytes.
  bool counted(std::string_view& bytes) {
    uint64_t length = 0;
    for (size_t i = 0; i < 5 && i < bytes.size(); ++i) {
      length |= static_cast<uint64_t>(bytes[i] & 0x7f) << (7 * i);
      if ((bytes[i] & 0x80) == 0) {
        if (!spend(bytes, i + 1 + length)) return false;
        bytes = bytes.substr(i + 1, length);
        return true;
      }
    }
    return false;
  }

  bool string(std::string_view text) {
    if (kSql) {
      if (!is_utf8(text)) return false;
      out_ = spell_sql_text(out_, text);
      return true;
    }
    *out_++ = '"';
    char* end = spell_json_utf8(out_, text);
    if (!end) return false;
    *end = '"';
    out_ = end + 1;
    return true;
  }

  // An array or object whose counts and offsets are `width` bytes wide: element count, size in bytes, for
  // each member of an object the offset of its key and the key's length (2 bytes), then for each element its
  // type and its offset or the small value itself. Offsets count from the container's first byte.
  bool container(std::string_view bytes, size_t width, bool object) {
    if (depth_ == kMaxJsonDepth || bytes.size() < 2 * width) return false;
    uint64_t count = offset(bytes, 0, width);
    uint64_t size = offset(bytes, width, width);
    size_t keys = object ? width + 2 : 0;
    uint64_t entries = 2 * width + count * keys;  // where the value entries begin
    uint64_t content = entries + count * (1 + width);
    if (size > bytes.size() || content > size) return false;
    bytes = bytes.substr(0, size);
    if (!spend(bytes, content)) return false;

    ++depth_;
    if (kSql) {
      out_ = put(out_, object ? "JSON_OBJECT(" : "JSON_ARRAY(");
    } else {
      *out_++ = object ? '{' : '[';
    }
    for (uint64_t i = 0; i < count; ++i) {
      if (i > 0) separate(',');
      if (object && !key(bytes, 2 * width + i * keys, width, content)) return false;
      if (!element(bytes, entries + i * (1 + width), width, content)) return false;
    }
    *out_++ = kSql ? ')' : object ? '}' : ']';
    --depth_;
    return true;
  }

  bool key(std::string_view container, uint64_t entry, size_t width, uint64_t content) {
    uint64_t begin = offset(container, entry, width);
    uint64_t length = offset(container, entry + width, 2);
    if (begin < content || begin > container.size()) return false;
    std::string_view bytes = container.substr(begin);
    if (!spend(bytes, length) || !string(bytes.substr(0, length))) return false;
    separate(kSql ? ',' : ':');
    return true;
  }

  bool element(std::string_view container, uint64_t entry, size_t width, uint64_t content) {
    auto type = static_cast<uint8_t>(container[entry]);
    const char* inlined = container.data() + entry + 1;
    switch (type) {
      case kLiteral: return literal(static_cast<uint8_t>(*inlined));
      case kInt16: out_ = put_integer(out_, load<int16_t>(inlined)); return true;
      case kUint16: out_ = put_integer(out_, load<uint16_t>(inlined)); return true;
      case kInt32:
        if (width == 2) break;
        out_ = put_integer(out_, load<int32_t>(inlined));
        return true;
      case kUint32:
        if (width == 2) break;
        out_ = put_integer(out_, load<uint32_t>(inlined));
        return true;
      default: break;
    }
    uint64_t begin = offset(container, entry + 1, width);
    if (begin < content || begin >= container.size()) return false;
    return value(type, container.substr(begin));
  }

  // Temporals are packed as in include/my_time.h, TIME_to_longlong_*_packed.
  bool opaque(uint8_t column_type, std::string_view bytes) {
    switch (column_type) {
      case kTypeNewDecimal: return decimal(bytes);
      case kTypeDate:
      case kTypeDateTime:
      case kTypeTimestamp: return datetime(bytes, column_type != kTypeDate);
      case kTypeTime: return time(bytes);
      default: return base64(column_type, bytes);
    }
  }

  bool datetime(std::string_view bytes, bool with_time) {
    if (bytes.size() != 8) return false;
    auto packed = load<uint64_t>(bytes.data());
    uint64_t days = packed >> 41;
    uint64_t microseconds = packed & 0xffffff;
    if ((days >> 5) / 13 > 9999 || microseconds > 999999) return false;
    open_temporal();
    char* end = spell_datetime(out_, packed, 6);
    out_ = with_time ? end : out_ + 10;
    close_temporal(with_time ? "DATETIME(6)" : "DATE");
    return true;
  }

  bool time(std::string_view bytes) {
    if (bytes.size() != 8) return false;
    auto packed = load<int64_t>(bytes.data());
    uint64_t magnitude = packed < 0 ? 0 - static_cast<uint64_t>(packed) : static_cast<uint64_t>(packed);
    if (magnitude >> 36 > 999 || (magnitude & 0xffffff) > 999999) return false;
    open_temporal();
    out_ = spell_time(out_, packed, 6);
    close_temporal("TIME(6)");
    return true;
  }

  void open_temporal() { out_ = put(out_, kSql ? "CAST('" : "\""); }
  void close_temporal(std::string_view type) {
    *out_++ = kSql ? '\'' : '"';
    if (kSql) out_ = put(put(put(out_, " AS "), type), ")");
  }

  // Precision, scale, then the packed form. The server writes whole groups of nine digits here, so the
  // precision may go beyond a column's 65.
  bool decimal(std::string_view bytes) {
    constexpr unsigned kMaxPrecision = 81;
    static constexpr uint8_t kBytes[] = {0, 1, 1, 2, 2, 3, 3, 4, 4};  // of the digits beyond whole groups
    if (bytes.size() < 3) return false;
    unsigned precision = static_cast<uint8_t>(bytes[0]);
    unsigned scale = static_cast<uint8_t>(bytes[1]);
    bytes.remove_prefix(2);
    if (precision == 0 || precision > kMaxPrecision || scale > precision) return false;
    unsigned whole = precision - scale;
    if (bytes.size() != whole / 9 * 4 + kBytes[whole % 9] + scale / 9 * 4 + kBytes[scale % 9]) return false;
    char readable[64];  // the speller may read beyond its bytes, which end where the document does
    std::memcpy(readable, bytes.data(), bytes.size());
    out_ = spell_decimal(out_, {readable, bytes.size()}, precision, scale);
    return true;
  }

  // In lines of 76 characters, as the server has it (mysys/base64.c).
  bool base64(uint8_t column_type, std::string_view bytes) {
    constexpr size_t kLineBytes = 57;
    if (kSql) {
      out_ = bytes.empty() ? put(out_, "x''") : spell_sql_hex(out_, bytes);
      return true;
    }
    out_ = put(out_, "\"base64:type");
    out_ = put_integer(out_, column_type);
    *out_++ = ':';
    for (; bytes.size() > kLineBytes; bytes.remove_prefix(kLineBytes)) {
      out_ = put(base64_encode(out_, bytes.substr(0, kLineBytes)), "\\n");
    }
    out_ = base64_encode(out_, bytes);
    *out_++ = '"';
    return true;
  }

  static uint64_t offset(std::string_view bytes, uint64_t at, size_t width) {
    return width == 2 ? load<uint16_t>(bytes.data() + at) : load<uint32_t>(bytes.data() + at);
  }

  void separate(char mark) {
    *out_++ = mark;
    if (spaced_) *out_++ = ' ';
  }

  char* out_;
  // Every byte of a sound document belongs to one value. What is read is taken from the document's size, so
  // that offsets which lead to the same bytes again and again come to an end.
  uint64_t budget_;
  int depth_ = 0;
  bool spaced_;
};

}  // namespace

char* spell_json_binary(char* out, std::string_view document, JsonSpacing spacing) {
  if (document.empty()) return put(out, "null");
  Printer<false> printer(out, document.size(), spacing);
  bool good =
      printer.spend(document, 1) && printer.value(static_cast<uint8_t>(document[0]), document.substr(1));
  return good ? printer.end() : nullptr;
}

// What is no container has no function that makes it: it is taken out of one.
char* spell_json_sql(char* out, std::string_view document) {
  if (document.empty()) return put(out, "CAST('null' AS JSON)");
  bool scalar = static_cast<uint8_t>(document[0]) > kLargeArray;
  if (scalar) out = put(out, "JSON_EXTRACT(JSON_ARRAY(");
  Printer<true> printer(out, document.size(), JsonSpacing::Compact);
  bool good =
      printer.spend(document, 1) && printer.value(static_cast<uint8_t>(document[0]), document.substr(1));
  if (!good) return nullptr;
  return scalar ? put(printer.end(), "),'$[0]')") : printer.end();
}

char* spell_json_binary_or_marker(char* out, std::string_view document, JsonSpacing spacing) {
  if (char* end = spell_json_binary(out, document, spacing)) return end;
  malformed_documents.fetch_add(1, std::memory_order_relaxed);
  out = base64_encode(put(out, "\"malformed json, base64:"), document);
  *out++ = '"';
  return out;
}

uint64_t malformed_json_documents() { return malformed_documents.load(std::memory_order_relaxed); }

}  // namespace sluice
