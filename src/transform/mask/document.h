// Masks of what stands at paths within JSON documents: MySQL's binary ones, what was changed within them, and
// text, which is how MariaDB keeps them.
#pragma once

#include <optional>
#include <vector>

#include "transform/mask/document_paths.h"
#include "transform/mask/mask.h"

namespace sluice::mask {

// `rules`: those with paths for the column `ordinal`, at least one. A Usage fault: they do not go with it.
Result<MaskPtr> make_document_mask(const std::vector<const MaskRule*>& rules, const Secret& key,
                                   const Table& table, uint32_t ordinal, Column& column);

// What the rules make of the values of a document.
struct DocumentParts {
  using Place = DocumentPaths::Place;
  struct Part {
    MaskPtr mask;        // takes text; null: the value stays, or goes
    bool drops = false;  // members go, elements become null, so that those behind them stay where they are
    bool whole = false;  // arrays and objects become one value
  };
  enum class Fate : uint8_t { Stays, Goes, Masked };

  DocumentPaths paths;
  std::vector<Part> parts;  // by rule

  // Of an array or object that stays, what is within has fates of its own.
  Fate fate(const Place& place, bool is_container) const;
  bool masks_null(const Place& place) const { return parts[place.rule].mask->nulls(); }
  // Text, or NULL. `text` is copied.
  Result<Cell> masked(const Place& place, std::string_view text, const Image& image) const;
};

// No zeros behind a point that say nothing.
std::string_view canonical_number(std::string_view text);
Failure no_document();

// Each masks the bytes of a cell; the result lies in the arena. Nothing: the part of a document hangs on a
// value that is not known.
Result<std::string_view> mask_text_document(DocumentParts& parts, std::string_view document, bool stored,
                                            const Image& image);
Result<std::string_view> mask_binary_document(DocumentParts& parts, std::string_view document,
                                              const Image& image);
Result<std::optional<std::string_view>> mask_document_patch(DocumentParts& parts, std::string_view patch,
                                                            const Image& image);

}  // namespace sluice::mask
