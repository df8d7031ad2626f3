// Mappings: how the fields of a table's documents are to be indexed.
#pragma once

#include <string>

#include "model/table.h"
#include "sink/elasticsearch/options.h"

namespace sluice::elasticsearch {

// `{"properties":{…}}`: a field a column, by its type. docs/sinks/elasticsearch.md has the table.
std::string mapping_of(const Table& table, const DocumentOptions& options);
// The same for servers that have no unsigned_long.
std::string with_unsigned_as_keyword(std::string mapping);

}  // namespace sluice::elasticsearch
