#include "format/csv/field.h"

#include <cstdint>
#include <cstring>

namespace sluice::csv {
namespace {

constexpr uint64_t kOnes = 0x0101010101010101, kTops = 0x8080808080808080;

// Its top bits are set where a byte of `word` is zero, and perhaps in bytes behind such a one.
uint64_t zeros(uint64_t word) { return (word - kOnes) & ~word & kTops; }

}  // namespace

bool FieldWriter::must_be_quoted(std::string_view text) const {
  const uint64_t delimiters = kOnes * static_cast<uint8_t>(delimiter_);
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    if (zeros(word ^ delimiters) | zeros(word ^ kOnes * '"') | zeros(word ^ kOnes * '\n') |
        zeros(word ^ kOnes * '\r')) {
      return true;
    }
  }
  for (; at < text.size(); ++at) {
    char c = text[at];
    if (c == delimiter_ || c == '"' || c == '\n' || c == '\r') return true;
  }
  return is_taken(text);
}

void FieldWriter::append(std::string_view text, Bytes& out) const {
  if (must_be_quoted(text)) return append_quoted(text, out);
  out.append(text);
}

void FieldWriter::append_quoted(std::string_view text, Bytes& out) {
  out.push('"');
  while (!text.empty()) {
    size_t quote = text.find('"');
    if (quote == text.npos) {
      out.append(text);
      break;
    }
    out.append(text.substr(0, quote + 1));
    out.push('"');
    text.remove_prefix(quote + 1);
  }
  out.push('"');
}

void FieldWriter::guard(size_t begin, Bytes& out) const {
  std::string_view text = out.view().substr(begin);
  if (!is_taken(text)) return;
  size_t size = text.size();
  out.reserve(2);
  char* at = out.data() + begin;
  std::memmove(at + 1, at, size);
  *at = '"';
  at[size + 1] = '"';
  out.commit(at + size + 2);
}

}  // namespace sluice::csv
