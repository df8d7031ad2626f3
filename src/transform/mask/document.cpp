#include "transform/mask/document.h"

#include "transform/mask/kinds.h"

namespace sluice::mask {
namespace {

class DocumentMask : public Mask {
 public:
  explicit DocumentMask(DocumentParts parts) : parts_(std::move(parts)) {}

  Result<Cell> apply(const Cell& cell, const Image& image) override {
    Cell made = cell;
    std::string_view bytes;
    if (cell.kind == Kind::JsonPatch) {
      SLUICE_ASSIGN(patch, mask_document_patch(parts_, cell.bytes(), image));
      if (!patch) return Cell();
      bytes = *patch;
    } else if (cell.kind == Kind::Json) {
      SLUICE_ASSIGN(binary, mask_binary_document(parts_, cell.bytes(), image));
      bytes = binary;
    } else if (cell.kind == Kind::Text) {
      if (cell.size == 0) return cell;
      SLUICE_ASSIGN(text, mask_text_document(parts_, cell.bytes(), cell.aux != 0, image));
      bytes = text;
    } else {
      return strange_cell();
    }
    made.data = bytes.data();
    made.size = static_cast<uint32_t>(bytes.size());
    return made;
  }
  bool patches() const override { return true; }

 private:
  DocumentParts parts_;
};

}  // namespace

DocumentParts::Fate DocumentParts::fate(const Place& place, bool is_container) const {
  if (place.rule == DocumentPaths::kNone) return Fate::Stays;
  const Part& part = parts[place.rule];
  if (!part.mask && !part.drops) return Fate::Stays;
  if (is_container && (place.open() || !(part.drops || part.whole))) return Fate::Stays;
  return part.drops ? Fate::Goes : Fate::Masked;
}

Result<Cell> DocumentParts::masked(const Place& place, std::string_view text, const Image& image) const {
  return parts[place.rule].mask->apply(text_cell(image.arena.copy(text)), image);
}

std::string_view canonical_number(std::string_view text) {
  if (text.find('.') == text.npos || text.find_first_not_of("-.0123456789") != text.npos) return text;
  text.remove_suffix(text.size() - text.find_last_not_of('0') - 1);
  if (text.ends_with('.')) text.remove_suffix(1);
  return text;
}

Failure no_document() {
  return fatal(
      "a value is no JSON document, or one that is nested too deeply, so that nobody can tell its parts; "
      "mask "
      "the column as a whole");
}

Result<MaskPtr> make_document_mask(const std::vector<const MaskRule*>& rules, const Secret& key,
                                   const Table& table, uint32_t ordinal, Column& column) {
  const Column& plain = table.columns[ordinal];
  if (plain.type != ColumnType::Json && !is_text(plain.type)) {
    return usage("{}: a mask with 'paths' takes JSON and text, and {}.{} is {}", rules.front()->where,
                 full_name(table), plain.name, plain.declared.empty() ? "of another type" : plain.declared);
  }
  DocumentParts parts;
  Table taken = table;  // in which the column is what its parts are taken for
  for (const MaskRule* rule : rules) {
    auto number = static_cast<uint32_t>(parts.parts.size());
    for (const rule::JsonPath& path : rule->paths) parts.paths.add(number, path.legs());
    Column& part = taken.columns[ordinal];
    part = {.name = plain.name, .type = ColumnType::LongText, .charset = "utf8mb4"};
    part.declared = "taken as text at its paths";
    Column made = part;
    auto mask = rule->kind->make({rule->settings, key, taken, ordinal}, made);
    if (!mask) return while_doing(rule->where, std::move(mask).error());
    bool whole = rule->kind == &hash_kind || (*mask && (*mask)->blind());
    parts.parts.push_back({std::move(*mask), rule->kind->drops, whole});
  }
  if (plain.type != ColumnType::Json) {  // a document may become longer than it was
    column.type = ColumnType::LongText;
    column.length = 0;
    column.declared = "longtext";
  }
  return std::make_unique<DocumentMask>(std::move(parts));
}

}  // namespace sluice::mask
