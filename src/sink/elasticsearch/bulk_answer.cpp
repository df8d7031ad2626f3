#include "sink/elasticsearch/bulk_answer.h"

#include <charconv>

namespace sluice::elasticsearch {
namespace {

constexpr int kMostDepth = 32;
constexpr size_t kMostWhy = 500;  // bytes of an item's error

// A reader of JSON that knows what it looks for. Once bad it stays bad.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool bad() const { return bad_; }
  bool at_end() {
    space();
    return rest_.empty();
  }
  bool next_is(char c) {
    space();
    return !rest_.empty() && rest_[0] == c;
  }
  bool take(char c) {
    if (!next_is(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_word(std::string_view word) {
    space();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  void need(char c) {
    if (!take(c)) bad_ = true;
  }

  // Escapes stand for their character; those of UTF-16 units beyond ASCII for a `?`.
  std::string text() {
    std::string made;
    need('"');
    while (!bad_) {
      if (rest_.empty()) bad_ = true;
      if (bad_) break;
      char c = rest_[0];
      rest_.remove_prefix(1);
      if (c == '"') return made;
      if (c == '\\') c = escaped();
      if (made.size() < kMostWhy) made += c;
    }
    return {};
  }
  int number() {
    space();
    int made = 0;
    auto [end, fault] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), made);
    if (fault != std::errc()) bad_ = true;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return made;
  }
  // Calls visit(name) for each member, which reads the value.
  template <class Visit>
  void members(Visit visit) {
    need('{');
    if (take('}')) return;
    do {
      std::string name = text();
      need(':');
      if (!bad_) visit(name);
    } while (!bad_ && take(','));
    need('}');
  }
  template <class Visit>
  void elements(Visit visit) {
    need('[');
    if (take(']')) return;
    do { visit(); } while (!bad_ && take(','));
    need(']');
  }
  void skip() {
    if (++depth_ > kMostDepth) bad_ = true;
    if (!bad_) skip_value();
    --depth_;
  }

 private:
  void skip_value() {
    if (next_is('"')) {
      text();
    } else if (next_is('{')) {
      members([this](const std::string&) { skip(); });
    } else if (next_is('[')) {
      elements([this] { skip(); });
    } else {
      size_t size = rest_.find_first_of(",]} \t\r\n");
      if (size == 0 || size == rest_.npos) bad_ = true;
      rest_.remove_prefix(bad_ ? 0 : size);
    }
  }
  void space() {
    size_t size = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(size == rest_.npos ? rest_.size() : size);
  }
  char escaped() {
    if (rest_.empty()) {
      bad_ = true;
      return '?';
    }
    char c = rest_[0];
    rest_.remove_prefix(1);
    if (c == 'u') {
      rest_.remove_prefix(rest_.size() < 4 ? rest_.size() : 4);
      return '?';
    }
    return c == 'n' || c == 't' || c == 'r' ? ' ' : c;
  }

  std::string_view rest_;
  int depth_ = 0;
  bool bad_ = false;
};

void read_error(Reader& in, BulkAnswer::Item& item) {
  if (!in.next_is('{')) {
    item.why = in.next_is('"') ? in.text() : "an error without words";
    return;
  }
  std::string type, reason;
  in.members([&](const std::string& name) {
    if (name == "type" && in.next_is('"')) {
      type = in.text();
    } else if (name == "reason" && in.next_is('"')) {
      reason = in.text();
    } else {
      in.skip();
    }
  });
  item.why = type + (type.empty() || reason.empty() ? "" : ": ") + reason;
}

void read_item(Reader& in, BulkAnswer::Item& item) {
  in.members([&](const std::string&) {  // index or delete
    in.members([&](const std::string& name) {
      if (name == "status") {
        item.status = in.number();
      } else if (name == "error") {
        read_error(in, item);
      } else {
        in.skip();
      }
    });
  });
}

}  // namespace

bool BulkAnswer::parse(std::string_view body) {
  errors = true;
  items.clear();
  if (body.starts_with(R"({"errors":false)") && body.ends_with('}')) {  // the usual one, of which all is said
    errors = false;
    return true;
  }
  Reader in(body);
  bool told = false;
  in.members([&](const std::string& name) {
    if (name == "errors") {
      told = true;
      errors = !in.take_word("false");
      if (errors && !in.take_word("true")) in.skip();
    } else if (name == "items") {
      in.elements([&] { read_item(in, items.emplace_back()); });
    } else {
      in.skip();
    }
  });
  if (!errors) items.clear();
  return told && !in.bad() && in.at_end();
}

}  // namespace sluice::elasticsearch
