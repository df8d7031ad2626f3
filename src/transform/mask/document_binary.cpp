#include <algorithm>
#include <deque>

#include "format/json_binary.h"
#include "format/spell.h"
#include "transform/mask/document.h"
#include "wire/mysql/json_tree.h"

namespace sluice::mask {
namespace {

using Fate = DocumentParts::Fate;
using Place = DocumentPaths::Place;
using mysql::JsonNode;

bool is_container(const JsonNode& node) { return node.is_object() || node.is_array(); }
bool is_null(const JsonNode& node) { return node.type == JsonNode::Literal && node.bytes[0] == '\0'; }

class BinaryWalk {
 public:
  BinaryWalk(DocumentParts& parts, const Image& image) : parts_(parts), image_(image) {}

  Failure fault() { return error_ ? Failure(std::move(*error_)) : no_document(); }

  // `goes`: the value is not to be there. False: malformed, or a mask failed.
  bool value(JsonNode& node, const Place& place, int depth, bool& goes) {
    Fate fate = parts_.fate(place, is_container(node));
    goes = fate == Fate::Goes;
    if (fate == Fate::Masked) return mask(node, place);
    if (goes || !is_container(node) || (!place.open() && !masks(place))) return true;
    if (depth == kMaxJsonDepth || !node.take_apart()) return false;
    bool is_object = node.is_object();
    for (size_t i = 0; i < node.values.size();) {
      JsonNode& each = node.values[i];
      Place within = is_object ? parts_.paths.member(place, node.keys[i], each.is_array())
                               : parts_.paths.element(place, i, each.is_array());
      bool drop = false;
      if (!value(each, within, depth + 1, drop)) return false;
      parts_.paths.leave(place);
      if (drop && is_object) {
        node.keys.erase(node.keys.begin() + static_cast<ptrdiff_t>(i));
        node.values.erase(node.values.begin() + static_cast<ptrdiff_t>(i));
        continue;
      }
      if (drop) each = {};
      ++i;
    }
    return true;
  }

  // What the document's bytes are behind their type.
  std::string_view write(const JsonNode& root) {
    size_t size = 1 + root.size();
    char* out = image_.arena.allocate(size);
    out[0] = static_cast<char>(root.written_type());
    root.write(out + 1);
    return {out, size};
  }

  bool text_of(const JsonNode& node, std::string_view& text) {
    document_.clear();
    char* bytes = document_.reserve(1 + node.size() + Arena::kReadSlack);
    bytes[0] = static_cast<char>(node.written_type());
    document_.commit(node.write(bytes + 1));
    char* out = spelt_.reserve(json_binary_bound(document_.size()) + kSlack);
    char* end = spell_json_binary(out, document_.view(), JsonSpacing::Server);
    if (!end) return false;
    text = {out, static_cast<size_t>(end - out)};
    if (!text.starts_with('"')) {
      text = canonical_number(text);
      return true;
    }
    unescaped_.clear();
    if (!rule::append_unescaped(unescaped_, text.substr(1, text.size() - 2))) return false;
    text = unescaped_.view();
    return true;
  }

 private:
  bool masks(const Place& place) const {
    return place.rule != DocumentPaths::kNone &&
           (parts_.parts[place.rule].mask || parts_.parts[place.rule].drops);
  }

  bool mask(JsonNode& node, const Place& place) {
    if (is_null(node) && !parts_.masks_null(place)) return true;
    std::string_view text;
    if (!text_of(node, text)) return false;
    auto made = parts_.masked(place, text, image_);
    if (!made) {
      error_ = std::move(made).error();
      return false;
    }
    node = made->kind == Kind::Null ? JsonNode() : JsonNode::string(made->bytes(), texts_.emplace_back());
    return true;
  }

  DocumentParts& parts_;
  const Image& image_;
  Bytes document_, spelt_, unescaped_;
  std::deque<std::string> texts_;  // that nodes point to
  std::optional<Error> error_;
};

// One of what was changed: {"op", "path", "value"}.
class PatchWalk {
 public:
  PatchWalk(DocumentParts& parts, BinaryWalk& walk) : parts_(parts), walk_(walk) {}

  enum class Outcome : uint8_t { Stays, Goes, Unknown, Failed };

  Outcome run(JsonNode& change) {
    std::string_view text;
    JsonNode* path = member(change, "path");
    if (!path || !walk_.text_of(*path, text)) return Outcome::Failed;
    auto parsed = rule::JsonPath::parse(text, 0, text);
    if (!parsed) return Outcome::Failed;
    JsonNode* value = member(change, "value");
    const auto& legs = parsed->legs();
    auto is_array = [&](size_t leg) {
      return leg < legs.size() ? indexed(legs[leg]) : value && value->is_array();
    };
    Place place = parts_.paths.root(is_array(0));
    for (size_t i = 0; i < legs.size(); ++i) {
      // What holds it became one value, or went: there is nothing that could be changed. A code of it is
      // another one now, which nobody can tell.
      Fate fate = parts_.fate(place, true);
      if (fate == Fate::Goes) return Outcome::Goes;
      if (fate == Fate::Masked)
        return parts_.parts[place.rule].mask->blind() ? Outcome::Goes : Outcome::Unknown;
      place = indexed(legs[i]) ? parts_.paths.element(place, legs[i].index, is_array(i + 1))
                               : parts_.paths.member(place, legs[i].key, is_array(i + 1));
    }
    if (!value) return Outcome::Stays;
    bool goes = false;
    if (!walk_.value(*value, place, static_cast<int>(legs.size()), goes)) return Outcome::Failed;
    if (goes && (legs.empty() || indexed(legs.back()))) {
      *value = {};
      goes = false;
    }
    return goes ? Outcome::Goes : Outcome::Stays;
  }

 private:
  static bool indexed(const rule::JsonPath::Leg& leg) {
    return leg.what == rule::JsonPath::Leg::What::Element;
  }

  static JsonNode* member(JsonNode& object, std::string_view key) {
    if (!object.is_object() || !object.take_apart()) return nullptr;
    auto found = std::find(object.keys.begin(), object.keys.end(), key);
    return found == object.keys.end() ? nullptr
                                      : &object.values[static_cast<size_t>(found - object.keys.begin())];
  }

  DocumentParts& parts_;
  BinaryWalk& walk_;
};

}  // namespace

Result<std::string_view> mask_binary_document(DocumentParts& parts, std::string_view document,
                                              const Image& image) {
  BinaryWalk walk(parts, image);
  JsonNode root;
  if (!root.read(document)) return walk.fault();
  bool goes = false;
  if (!walk.value(root, parts.paths.root(root.is_array()), 0, goes)) return walk.fault();
  if (goes) root = {};
  return walk.write(root);
}

Result<std::optional<std::string_view>> mask_document_patch(DocumentParts& parts, std::string_view patch,
                                                            const Image& image) {
  BinaryWalk walk(parts, image);
  PatchWalk each(parts, walk);
  JsonNode root;
  if (!root.read(patch) || !root.is_array() || !root.take_apart()) return walk.fault();
  std::vector<JsonNode> kept;
  for (JsonNode& change : root.values) {
    switch (each.run(change)) {
      case PatchWalk::Outcome::Failed: return walk.fault();
      case PatchWalk::Outcome::Unknown: return std::nullopt;
      case PatchWalk::Outcome::Goes: break;
      case PatchWalk::Outcome::Stays: kept.push_back(std::move(change)); break;
    }
  }
  if (kept.empty()) return std::nullopt;
  root.values = std::move(kept);
  return walk.write(root);
}

}  // namespace sluice::mask
