// BulkAnswer: what a server says of a bulk request, item by item.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::elasticsearch {

struct BulkAnswer {
  struct Item {
    int status = 0;
    std::string why;  // type and reason of its error; empty: it has none
  };
  bool errors = true;
  std::vector<Item> items;  // left empty where `errors` is false: all of them are fine

  // Asked with kBulkPath. False: it is no such answer.
  bool parse(std::string_view body);
};

// The path of a bulk request, whose answer holds no more than is read of it.
constexpr std::string_view kBulkPath =
    "/_bulk?filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason";

}  // namespace sluice::elasticsearch
