// Document: the encoder of the sink elasticsearch. A message is the part of a bulk request that it alone
// decides on:
//   "_id":"1"}}           of a deletion, which is all
//   "_id":"1"}}⏎{…}       and the document of a row, on a line of its own
//   truncate, drop        of a table (Op::Ddl)
// A message that is no_value() says why there is none, for a refusal. The heading is the mapping of a table.
#pragma once

#include <memory>

#include "format/encoder.h"
#include "sink/elasticsearch/options.h"

namespace sluice::elasticsearch {

constexpr std::string_view kTruncate = "truncate", kDrop = "drop";

std::unique_ptr<Encoder> make_document(DocumentOptions options);

}  // namespace sluice::elasticsearch
