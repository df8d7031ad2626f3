// The tables that gh-ost and pt-online-schema-change make beside the table they change, fill, and put in its
// place: _x_gho, _x_ghc, _x_ghk (--checkpoint) and _x_del (or _x_20260115103000_del); _x_new and _x_old, with
// more underscores in front where that name is taken (gh-ost go/base/context.go, pt-online-schema-change,
// --new-table-name).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "model/catalogue.h"

namespace sluice::mysql {

// `named`: tables of the statement in hand. Somebody may have tables of such names without either program:
// but for gh-ost's own words, the table that is changed must be known, or be named beside it.
bool is_helper_table(const TableName& name, const Catalogue& catalogue,
                     std::span<const TableName> named = {});

// Of such a name that the catalogue decides.
bool may_be_helper(std::string_view table);

}  // namespace sluice::mysql
