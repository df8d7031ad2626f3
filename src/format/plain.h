// Values as plain text, as SELECT shows them in UTC: for names, keys and formats without types.
#pragma once

#include "base/bytes.h"
#include "model/cell.h"
#include "model/table.h"

namespace sluice {

// Appends a cell that has a value. Bytes come as they are, SETs with commas, TIMESTAMPs like DATETIMEs, JSON
// as the server spaces it, geometry as well-known text, vectors as [1,2]; what is malformed, as its bytes.
void append_plain(Bytes& out, const Cell& cell, const Column& column);

// A Float or Double cell; the exponent without a plus, as servers have it.
char* spell_plain_real(char* out, const Cell& cell);

}  // namespace sluice
