// Fields of a CSV line (RFC 4180): what must be quoted, and how.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sluice::csv {

class FieldWriter {
 public:
  // `null` and `missing` stand for what has no value, and are never quoted; a value that reads the same is.
  // `quote_empty`: so is the empty text.
  FieldWriter(char delimiter, std::string null, std::string missing, bool quote_empty = false)
      : delimiter_(delimiter),
        quote_empty_(quote_empty),
        null_(std::move(null)),
        missing_(std::move(missing)) {}

  char delimiter() const { return delimiter_; }
  const std::string& null() const { return null_; }
  const std::string& missing() const { return missing_; }

  // Any text, quoted where it must be.
  void append(std::string_view text, Bytes& out) const;
  // What stands in `out` from `begin` on has neither delimiter nor quote nor line end in it.
  void finish_plain(size_t begin, Bytes& out) const {
    size_t size = out.size() - begin;
    if (size == null_.size() || size == missing_.size() || size == 0) guard(begin, out);
  }

 private:
  // Quotes what would be taken for one of the two.
  void guard(size_t begin, Bytes& out) const;
  bool is_taken(std::string_view text) const {
    return text == null_ || text == missing_ || (text.empty() && quote_empty_);
  }
  bool must_be_quoted(std::string_view text) const;
  static void append_quoted(std::string_view text, Bytes& out);

  char delimiter_;
  bool quote_empty_;
  std::string null_, missing_;
};

}  // namespace sluice::csv
