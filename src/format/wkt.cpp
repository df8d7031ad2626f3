#include "format/wkt.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "base/cursor.h"
#include "format/spell.h"

namespace sluice {
namespace {

constexpr int kMaxDepth = 100;  // of collections; the servers allow fewer

// WKB's geometry types (OGC 06-103r4, 8.2.8).
enum : uint32_t {
  kAny = 0,
  kPoint = 1,
  kLineString = 2,
  kPolygon = 3,
  kMultiPoint = 4,
  kMultiLineString = 5,
  kMultiPolygon = 6,
  kCollection = 7,
};

constexpr std::string_view kNames[] = {"",           "POINT",           "LINESTRING",   "POLYGON",
                                       "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"};

class Writer {
 public:
  Writer(char* out, std::string_view wkb) : out_(out), in_(wkb) {}

  // One geometry with its header; within a multi-geometry of one kind its name is not repeated.
  bool geometry(uint32_t wanted, bool named, int depth) {
    if (depth == kMaxDepth) return false;
    uint8_t order = in_.u8();
    if (order > 1) return false;
    big_ = order == 0;
    uint32_t type = integer();
    if (in_.bad() || type < kPoint || type > kCollection || (wanted != kAny && type != wanted)) return false;
    if (named) {
      put(kNames[type]);
      *out_++ = ' ';
    }
    switch (type) {
      case kPoint: return point_body();
      case kLineString: return points();
      case kPolygon: return list([&] { return points(); });
      case kCollection: return list([&] { return geometry(kAny, true, depth + 1); });
      default: {
        uint32_t member = type - 3;  // MULTIPOINT holds POINTs, and so on
        return list([&] { return geometry(member, false, depth + 1); });
      }
    }
  }

  bool done() const { return in_.done() && !in_.bad(); }
  char* end() const { return out_; }

 private:
  void put(std::string_view text) {
    std::memcpy(out_, text.data(), text.size());
    out_ += text.size();
  }

  uint32_t integer() { return static_cast<uint32_t>(big_ ? in_.big(4) : in_.little(4)); }
  double real() { return std::bit_cast<double>(big_ ? in_.big(8) : in_.little(8)); }

  void position(double x, double y) {
    out_ = spell_double(out_, x);
    *out_++ = ' ';
    out_ = spell_double(out_, y);
  }

  // The empty point is one of NaNs.
  bool point_body() {
    double x = real();
    double y = real();
    if (in_.bad()) return false;
    if (std::isnan(x) && std::isnan(y)) {
      put("EMPTY");
      return true;
    }
    if (!std::isfinite(x) || !std::isfinite(y)) return false;
    *out_++ = '(';
    position(x, y);
    *out_++ = ')';
    return true;
  }

  bool points() {
    return list([&] {
      double x = real();
      double y = real();
      if (in_.bad() || !std::isfinite(x) || !std::isfinite(y)) return false;
      position(x, y);
      return true;
    });
  }

  // A count, then as many members. Each takes four bytes or more, so that a false count ends at the end of
  // the bytes.
  template <class Member>
  bool list(Member member) {
    uint32_t count = integer();
    if (in_.bad() || count > in_.left() / 4) return false;
    if (count == 0) {
      put("EMPTY");
      return true;
    }
    *out_++ = '(';
    for (uint32_t i = 0; i < count; ++i) {
      if (i > 0) put(", ");
      if (!member()) return false;
    }
    *out_++ = ')';
    return true;
  }

  char* out_;
  Cursor in_;
  bool big_ = false;
};

}  // namespace

char* spell_wkt(char* out, std::string_view wkb) {
  Writer writer(out, wkb);
  return writer.geometry(kAny, true, 0) && writer.done() ? writer.end() : nullptr;
}

}  // namespace sluice
