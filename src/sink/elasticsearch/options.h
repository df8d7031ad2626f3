// What the operator chose for a sink of the type elasticsearch.
#pragma once

#include <string>
#include <vector>

#include "base/option.h"
#include "net/http_nodes.h"

namespace sluice::elasticsearch {

// What becomes of an index whose table is emptied or dropped.
enum class OnTruncate : uint8_t { Apply, Ignore, Stop };
enum class ZeroDates : uint8_t { Refuse, Null, Text };

// What a document is made of.
struct DocumentOptions {
  // Of the template of `_id`: text as it stands, or the column whose value stands there.
  struct Part {
    std::string text;
    bool column = false;
  };
  std::vector<Part> id;          // none: the primary key
  bool index_by_row = false;     // a row's change may move it into another index
  bool decimals_as_text = true;  // else as numbers
  ZeroDates zero_dates = ZeroDates::Refuse;
  bool mappings = false;  // indices are made to measure
};

struct Options {
  HttpNodesSetup nodes;
  Secret api_key;
  size_t connections = 2;
  size_t max_changes = 5000;  // of one request
  size_t max_bytes = 5'000'000;
  OnTruncate truncate = OnTruncate::Apply;
  bool create = false;
};

std::span<const Option> option_table();
Result<Options> parse_options(const Settings& settings);
Result<DocumentOptions> parse_document_options(const Settings& settings);

}  // namespace sluice::elasticsearch
