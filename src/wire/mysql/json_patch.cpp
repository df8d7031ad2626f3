#include "wire/mysql/json_patch.h"

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "base/cursor.h"
#include "wire/mysql/json_tree.h"

namespace sluice::mysql {
namespace {

// The server's bound on nesting (JSON_DOCUMENT_MAX_DEPTH).
constexpr size_t kMostLegs = 100;

enum class Operation : uint8_t { Replace = 0, Insert = 1, Remove = 2 };

struct Diff {
  Operation operation;
  std::string_view path, value;
};

bool next_diff(Cursor& in, Diff& diff) {
  uint8_t operation = in.u8();
  diff.operation = static_cast<Operation>(operation);
  diff.path = in.bytes(in.length_encoded());
  diff.value = diff.operation == Operation::Remove ? std::string_view() : in.bytes(in.length_encoded());
  return !in.bad() && operation <= static_cast<uint8_t>(Operation::Remove);
}

struct Leg {
  bool is_member = false;
  std::string key;
  uint64_t index = 0;
};

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

// `$.name."a \"quoted\" one"[7]`, as Json_seekable_path::to_string writes it.
class PathReader {
 public:
  explicit PathReader(std::string_view text) : rest_(text) {}

  std::optional<std::vector<Leg>> read() {
    std::vector<Leg> legs;
    if (!skip('$')) return std::nullopt;
    while (!rest_.empty()) {
      legs.emplace_back();
      if (legs.size() > kMostLegs || !leg(legs.back())) return std::nullopt;
    }
    return legs;
  }

 private:
  bool skip(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool leg(Leg& leg) {
    if (skip('[')) return index(leg.index) && skip(']');
    if (!skip('.')) return false;
    leg.is_member = true;
    if (skip('"')) return quoted(leg.key);
    size_t end = std::min(rest_.find_first_of(".["), rest_.size());
    leg.key = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return end > 0;
  }

  bool index(uint64_t& index) {
    size_t digits = 0;
    for (; digits < 10 && digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits)
      index = index * 10 + static_cast<uint64_t>(rest_[digits] - '0');
    rest_.remove_prefix(digits);
    return digits > 0;
  }

  bool quoted(std::string& key) {
    while (!rest_.empty()) {
      char c = rest_[0];
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (c != '\\') {
        key += c;
      } else if (!escaped(key)) {
        return false;
      }
    }
    return false;
  }

  bool escaped(std::string& key) {
    static constexpr std::string_view kMarks = "bfnrt\"\\/", kMeaning = "\b\f\n\r\t\"\\/";
    if (rest_.empty()) return false;
    char c = rest_[0];
    rest_.remove_prefix(1);
    if (size_t at = kMarks.find(c); at != std::string_view::npos) {
      key += kMeaning[at];
      return true;
    }
    // The server writes so what has no shorter form: control characters.
    if (c != 'u' || rest_.size() < 4) return false;
    uint32_t code = 0;
    for (size_t i = 0; i < 4; ++i) {
      size_t digit = std::string_view("0123456789abcdef").find(static_cast<char>(rest_[i] | 0x20));
      if (digit == std::string_view::npos) return false;
      code = code << 4 | static_cast<uint32_t>(digit);
    }
    rest_.remove_prefix(4);
    append_utf8(key, code);
    return true;
  }

  std::string_view rest_;
};

// Null: there is no such value.
JsonNode* find(JsonNode* node, const Leg& leg) {
  if (!node->take_apart() || node->is_object() != leg.is_member) return nullptr;
  size_t place = leg.is_member ? node->place_of(leg.key) : leg.index;
  bool there = leg.is_member ? node->has(place, leg.key) : place < node->values.size();
  return there ? &node->values[place] : nullptr;
}

bool insert(JsonNode& into, const Leg& leg, JsonNode value) {
  if (!into.take_apart() || into.is_object() != leg.is_member) return false;
  size_t place = leg.is_member ? into.place_of(leg.key) : std::min<size_t>(leg.index, into.values.size());
  if (leg.is_member) {
    if (into.has(place, leg.key) || leg.key.size() > UINT16_MAX) return false;
    into.keys.insert(into.keys.begin() + static_cast<ptrdiff_t>(place), leg.key);
  }
  into.values.insert(into.values.begin() + static_cast<ptrdiff_t>(place), std::move(value));
  return true;
}

bool apply(JsonNode& root, const Diff& diff) {
  auto legs = PathReader(diff.path).read();
  JsonNode value;
  if (!legs || !value.read(diff.value)) return false;
  if (legs->empty()) {
    if (diff.operation != Operation::Replace) return false;
    root = std::move(value);
    return true;
  }
  JsonNode* parent = &root;
  for (size_t i = 0; i + 1 < legs->size() && parent; ++i) parent = find(parent, (*legs)[i]);
  if (!parent) return false;
  const Leg& last = legs->back();
  if (diff.operation == Operation::Insert) return insert(*parent, last, std::move(value));
  JsonNode* target = find(parent, last);
  if (!target) return false;
  if (diff.operation == Operation::Replace) {
    *target = std::move(value);
    return true;
  }
  ptrdiff_t place = target - parent->values.data();
  if (last.is_member) parent->keys.erase(parent->keys.begin() + place);
  parent->values.erase(parent->values.begin() + place);
  return true;
}

std::optional<std::string_view> write(const JsonNode& root, Arena& arena) {
  size_t size = 1 + root.size();
  if (size > UINT32_MAX / 2) return std::nullopt;
  char* out = arena.allocate(size);
  out[0] = static_cast<char>(root.written_type());
  root.write(out + 1);
  return std::string_view(out, size);
}

}  // namespace

std::optional<std::string_view> apply_json_patch(std::string_view document, std::string_view patch,
                                                 Arena& arena) {
  JsonNode root;
  if (!root.read(document)) return std::nullopt;
  Cursor in(patch);
  while (!in.done()) {
    Diff diff;
    if (!next_diff(in, diff) || !apply(root, diff)) return std::nullopt;
  }
  return write(root, arena);
}

std::optional<std::string_view> json_patch_document(std::string_view patch, Arena& arena) {
  static constexpr std::string_view kOperations[] = {"replace", "insert", "remove"};
  JsonNode root;
  root.type = JsonNode::LargeArray;
  root.apart = true;
  std::deque<std::string> texts;  // that the nodes point to
  Cursor in(patch);
  while (!in.done()) {
    Diff diff;
    if (!next_diff(in, diff)) return std::nullopt;
    JsonNode object;
    object.type = JsonNode::LargeObject;
    object.apart = true;
    object.keys = {"op", "path"};
    object.values.push_back(
        JsonNode::string(kOperations[static_cast<size_t>(diff.operation)], texts.emplace_back()));
    object.values.push_back(JsonNode::string(diff.path, texts.emplace_back()));
    if (diff.operation != Operation::Remove) {
      object.keys.emplace_back("value");
      if (!object.values.emplace_back().read(diff.value)) return std::nullopt;
    }
    root.values.push_back(std::move(object));
  }
  return write(root, arena);
}

}  // namespace sluice::mysql
