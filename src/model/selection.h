// Selection: which tables are wanted. A list of patterns over `database.table`, read from left to right, the
// last one that matches decides: `shop.*`, `!shop.tmp_*`, a name in exact case, `/regular expression/` over
// the whole name, or `/regular expression/./regular expression/`, one over the whole of each. A list that
// begins with an exclusion starts from everything; the empty list wants everything.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice {

class Selection {
 public:
  Selection();
  ~Selection();
  Selection(Selection&&) noexcept;
  Selection& operator=(Selection&&) noexcept;

  static Result<Selection> parse(const std::vector<std::string>& patterns);
  // Splits at commas outside of /…/ first: the command line's form.
  static Result<Selection> parse(std::string_view comma_separated);

  bool wants(std::string_view database, std::string_view table) const;
  // Whether it is wanted by its name, and not by a pattern that fits others too.
  bool names(std::string_view database, std::string_view table) const;

 private:
  struct Pattern;
  std::vector<Pattern> patterns_;
};

}  // namespace sluice
