#include "transform/mask/kind.h"

#include <algorithm>

#include "transform/mask/kinds.h"

namespace sluice::mask {
namespace {

constexpr const MaskKind* kKinds[] = {&phone_kind,    &email_kind, &name_kind,  &card_kind,
                                      &address_kind,  &fixed_kind, &null_kind,  &drop_kind,
                                      &truncate_kind, &hash_kind,  &round_kind, &noise_kind,
                                      &shift_kind,    &fpe_kind,   &regex_kind, &keep_kind};

}  // namespace

std::span<const MaskKind* const> kinds() { return kKinds; }

const MaskKind* find_kind(std::string_view name) {
  auto found = std::find_if(std::begin(kKinds), std::end(kKinds),
                            [&](const MaskKind* kind) { return kind->name == name; });
  return found == std::end(kKinds) ? nullptr : *found;
}

std::string_view kind_names() {
  static const std::string names = [] {
    std::string all;
    for (const MaskKind* kind : kKinds) all.append(all.empty() ? "" : "|").append(kind->name);
    return all;
  }();
  return names;
}

}  // namespace sluice::mask
