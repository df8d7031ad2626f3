// Whether a text is one JSON value (RFC 8259), for fuzz targets too: what an encoder writes must be, whatever
// it was fed.
#pragma once

#include <string_view>

namespace sluice::test {

class WellFormed {
 public:
  explicit WellFormed(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}
  bool check() { return value(0) && at_ == end_; }

 private:
  static constexpr int kDepth = 200;

  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool word(std::string_view text) {
    if (static_cast<size_t>(end_ - at_) < text.size() || std::string_view(at_, text.size()) != text)
      return false;
    at_ += text.size();
    return true;
  }
  static bool digit(char c) { return c >= '0' && c <= '9'; }
  bool digits() {
    const char* begin = at_;
    while (at_ != end_ && digit(*at_)) ++at_;
    return at_ != begin;
  }
  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      return digits();
    }
    return true;
  }
  bool hex(int count) {
    for (; count > 0; --count, ++at_) {
      if (at_ == end_ || !(digit(*at_) || (*at_ >= 'a' && *at_ <= 'f') || (*at_ >= 'A' && *at_ <= 'F')))
        return false;
    }
    return true;
  }
  bool string() {
    if (!take('"')) return false;
    while (at_ != end_ && *at_ != '"') {
      if (static_cast<unsigned char>(*at_) < 0x20) return false;
      if (*at_++ != '\\') continue;
      if (at_ == end_) return false;
      char c = *at_++;
      if (c == 'u' ? !hex(4) : std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos) return false;
    }
    return take('"');
  }
  bool members(int depth, char close, bool named) {
    if (take(close)) return true;
    do {
      if (named && (!string() || !take(':'))) return false;
      if (!value(depth + 1)) return false;
    } while (take(','));
    return take(close);
  }
  bool value(int depth) {
    if (at_ == end_ || depth > kDepth) return false;
    switch (*at_) {
      case '{': ++at_; return members(depth, '}', true);
      case '[': ++at_; return members(depth, ']', false);
      case '"': return string();
      case 't': return word("true");
      case 'f': return word("false");
      case 'n': return word("null");
      default: return number();
    }
  }

  const char* at_;
  const char* end_;
};

inline bool well_formed(std::string_view text) { return WellFormed(text).check(); }

}  // namespace sluice::test
