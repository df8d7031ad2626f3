// JsonPath: the way to one value of a JSON document: $.address.city, $.items[0], $."a key".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace sluice::rule {

class JsonPath {
 public:
  // A Usage fault shows the place: the path is a literal at byte `at` of `source`.
  static Result<JsonPath> parse(std::string_view text, size_t at, std::string_view source);

  // The value's own text within `document`; empty: there is none, or the document is malformed up to there.
  // Of keys that come twice, the first. Linear in what is passed over, whatever the depth.
  std::string_view find(std::string_view document, Bytes& scratch) const;

 private:
  struct Leg {
    std::string key;
    bool indexed = false;
    size_t index = 0;
  };
  std::vector<Leg> legs_;
};

// Appends the text of a JSON string, given without its quotes. False: malformed.
bool append_unescaped(Bytes& out, std::string_view raw);

}  // namespace sluice::rule
