#include "format/json_binary.h"
#include "format/json_text.h"
#include "format/spell.h"
#include "transform/mask/document.h"

namespace sluice::mask {
namespace {

using Fate = DocumentParts::Fate;
using Place = DocumentPaths::Place;

// Reads a document once, and writes it anew meanwhile. What no rule means stays as it is spelt.
class TextWalk {
 public:
  TextWalk(DocumentParts& parts, std::string_view text, bool stored, const Image& image)
      : parts_(parts), rest_(text), stored_(stored), image_(image) {}

  Result<std::string_view> run() {
    copy_space();
    Place root = parts_.paths.root(rest_.starts_with('['));
    bool goes = false;
    if (!value(root, 0, goes)) return fault();
    if (goes) out_.append("null");
    copy_space();
    if (!rest_.empty()) return fault();
    return image_.arena.copy(out_.view());
  }

 private:
  Failure fault() { return error_ ? Failure(std::move(*error_)) : no_document(); }

  size_t space() const { return std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()); }
  void copy_space() { copy(space()); }
  void skip_space() { rest_.remove_prefix(space()); }
  std::string_view take(size_t n) {
    std::string_view taken = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return taken;
  }
  void copy(size_t n) { out_.append(take(n)); }

  // `goes`: nothing was written, since the value is not to be there. False: malformed, or a mask failed.
  bool value(const Place& place, int depth, bool& goes) {
    bool is_container = rest_.starts_with('{') || rest_.starts_with('[');
    Fate fate = parts_.fate(place, is_container);
    size_t before = out_.size();
    std::string_view from = rest_;
    if (is_container ? !container(place, depth) : !scalar(fate == Fate::Masked ? &place : nullptr))
      return false;
    goes = fate == Fate::Goes;
    if (fate == Fate::Stays || (!is_container && !goes)) return true;
    out_.truncate(before);
    return goes || put(place, from.substr(0, from.size() - rest_.size()));
  }

  // `place`: null where it stays.
  bool scalar(const Place* place) {
    if (rest_.starts_with('"')) {
      std::string_view raw;
      if (!string(raw)) return false;
      scratch_.clear();
      if (!rule::append_unescaped(scratch_, raw.substr(1, raw.size() - 2))) return false;
      if (place) return put(*place, scratch_.view());
      out_.append(raw);
      return true;
    }
    std::string_view word = take(std::min(rest_.find_first_of(",]} \t\r\n"), rest_.size()));
    bool null = word == "null", literal = null || word == "true" || word == "false";
    if (!literal && !is_number(word)) return false;
    if (place && !(null && !parts_.masks_null(*place))) return put(*place, canonical_number(word));
    out_.append(word);
    return true;
  }

  static bool is_number(std::string_view word) {
    return !word.empty() && word.find_first_not_of("0123456789+-.eE") == word.npos &&
           word.find_first_of("0123456789") != word.npos;
  }

  // With its quotes. False: it does not end.
  bool string(std::string_view& raw) {
    for (size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '\\') {
        ++i;
      } else if (rest_[i] == '"') {
        raw = take(i + 1);
        return true;
      }
    }
    return false;
  }

  bool put(const Place& place, std::string_view text) {
    auto made = parts_.masked(place, text, image_);
    if (!made) {
      error_ = std::move(made).error();
      return false;
    }
    if (made->kind == Kind::Null) {
      out_.append("null");
      return true;
    }
    char* out = out_.reserve(6 * size_t{made->size} + 2 + kSlack);
    *out++ = '"';
    out = spell_json_text(out, made->bytes(), stored_);
    *out++ = '"';
    out_.commit(out);
    return true;
  }

  bool container(const Place& place, int depth) {
    if (depth == kMaxJsonDepth) return false;
    bool is_object = rest_[0] == '{';
    char close = is_object ? '}' : ']';
    copy(1);
    copy_space();
    bool written = false;
    if (!rest_.starts_with(close)) {
      for (size_t index = 0;; ++index) {
        size_t before = out_.size();
        if (written) out_.push(',');
        bool goes = false;
        if (!(is_object ? member(place, depth, goes) : element(place, index, depth, goes))) return false;
        if (goes) out_.truncate(before);
        written |= !goes;
        if (!rest_.starts_with(',')) break;
        rest_.remove_prefix(1);
        if (!written) skip_space();
      }
    }
    if (!rest_.starts_with(close)) return false;
    copy(1);
    return true;
  }

  bool member(const Place& place, int depth, bool& goes) {
    copy_space();
    std::string_view raw;
    if (!rest_.starts_with('"') || !string(raw)) return false;
    out_.append(raw);
    copy_space();
    if (!rest_.starts_with(':')) return false;
    copy(1);
    copy_space();
    scratch_.clear();
    if (!rule::append_unescaped(scratch_, raw.substr(1, raw.size() - 2))) return false;
    Place within = parts_.paths.member(place, scratch_.view(), rest_.starts_with('['));
    if (!value(within, depth + 1, goes)) return false;
    parts_.paths.leave(place);
    copy_space();
    return true;
  }

  bool element(const Place& place, size_t index, int depth, bool& goes) {
    copy_space();
    Place within = parts_.paths.element(place, index, rest_.starts_with('['));
    if (!value(within, depth + 1, goes)) return false;
    parts_.paths.leave(place);
    if (goes) out_.append("null");
    goes = false;
    copy_space();
    return true;
  }

  DocumentParts& parts_;
  std::string_view rest_;
  const bool stored_;
  const Image& image_;
  Bytes out_, scratch_;
  std::optional<Error> error_;
};

}  // namespace

Result<std::string_view> mask_text_document(DocumentParts& parts, std::string_view document, bool stored,
                                            const Image& image) {
  return TextWalk(parts, document, stored, image).run();
}

}  // namespace sluice::mask
