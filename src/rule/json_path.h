// JsonPath: the way to one value of a JSON document: $.address.city, $.items[0], $."a key"; a wild one, as
// the servers have it, to several: $.*, $.items[*], $**.city (at any depth).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace sluice::rule {

class JsonPath {
 public:
  struct Leg {
    enum class What : uint8_t { Member, Element, AnyMember, AnyElement, AnyDepth } what = What::Member;
    std::string key;   // of Member
    size_t index = 0;  // of Element
  };

  // A Usage fault shows the place: the path is a literal at byte `at` of `source`.
  static Result<JsonPath> parse(std::string_view text, size_t at, std::string_view source, bool wild = false);

  const std::vector<Leg>& legs() const { return legs_; }
  // Of a path that is not wild. The value's own text within `document`; empty: there is none, or the document
  // is malformed up to there. Of keys that come twice, the first. Linear in what is passed over, whatever the
  // depth.
  std::string_view find(std::string_view document, Bytes& scratch) const;

 private:
  std::vector<Leg> legs_;
};

// Appends the text of a JSON string, given without its quotes. False: malformed.
bool append_unescaped(Bytes& out, std::string_view raw);

}  // namespace sluice::rule
