// Lines under their headings (Encoder::heading): each place of a target, a file or the console, has the line
// of names once in front of its first value, and again wherever the names change.
#pragma once

#include "base/bytes.h"
#include "sink/sink.h"

namespace sluice {

// What a heading is known by over restarts and versions; never 0, which stands for none.
uint64_t heading_mark(std::string_view text);

// Appends the values of the messages from `first` to `end`, with the headings that they need. `mark`: of the
// heading that stands above what comes before them, then of the one above what comes after.
void append_headed(const Delivery& delivery, size_t first, size_t end, uint64_t& mark, Bytes& out);

}  // namespace sluice
