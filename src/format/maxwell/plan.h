// Plan: what a Maxwell row of one table version needs again and again, spelt once: its head, the columns'
// keys, the labels of ENUM and SET columns.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "format/maxwell/names.h"
#include "format/spell.h"
#include "model/table.h"

namespace sluice::maxwell {

// Text that is copied again and again: two wide stores for the usual length. `kSlack` bytes of room behind it
// are needed at the place where it is put.
class Snippet {
 public:
  Snippet() : text_(kSlack, '\0') {}
  explicit Snippet(std::string text) : size_(text.size()), text_(std::move(text)) {
    text_.append(kSlack, '\0');
  }

  size_t size() const { return size_; }
  char* put(char* out) const {
    std::memcpy(out, text_.data(), kSlack);
    if (__builtin_expect(size_ > kSlack, 0)) std::memcpy(out + kSlack, text_.data() + kSlack, size_ - kSlack);
    return out + size_;
  }

 private:
  size_t size_ = 0;
  std::string text_;
};

struct ColumnPlan {
  Snippet key;                   // ,"name":
  std::vector<Snippet> members;  // of ENUM and SET: "label"
  size_t label_bytes = 0;        // the most that the labels of one value take
};

struct Plan {
  Plan(const Table& table, Naming naming, bool with_key, bool with_key_columns);

  Snippet head;  // {"database":"…","table":"…"
  std::vector<ColumnPlan> columns;
  std::vector<uint32_t> key;  // ordinals of the primary key's columns, where their values are asked for
  Snippet key_name;           // ,"primary_key":[
  Snippet key_columns;        // ,"primary_key_columns":["id"], where asked for
  size_t row_bytes = 0;       // bounds one image of a row, without what its cells point to
};

}  // namespace sluice::maxwell
