// What the Debezium format can be told: the settings of Debezium's connector that shape its messages.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>

#include "base/option.h"
#include "format/debezium/key_columns.h"
#include "format/record_schema.h"

namespace sluice::debezium {

struct Options {
  enum class Decimals : uint8_t { Precise, Double, String };
  enum class Binary : uint8_t { Bytes, Base64, Base64UrlSafe, Hex };
  enum class Times : uint8_t { Adaptive, Connect, Microseconds, Nanoseconds, IsoString };
  enum class Encoding : uint8_t { Json, Avro, Protobuf };
  enum class UnwrapDeletes : uint8_t { Tombstone, Rewrite, Drop };

  std::string name;  // topic.prefix
  Encoding encoding = Encoding::Json;
  FieldNumbers numbers = FieldNumbers::Name;  // of Protobuf
  bool registry = false;                      // messages begin with the number of their schema
  bool schemas = false;
  bool tombstones = true;
  bool query = false;
  Decimals decimals = Decimals::Precise;
  Binary binary = Binary::Bytes;
  Times times = Times::Adaptive;
  bool precise_unsigned = false;  // of BIGINT UNSIGNED
  bool unwrap = false;            // the row alone, without its envelope
  UnwrapDeletes unwrap_deletes = UnwrapDeletes::Tombstone;
  bool transactions = false;              // BEGIN and END, and each row's place in its transaction
  std::chrono::milliseconds heartbeat{};  // 0: none
  // Of tables that have another key than their own.
  std::shared_ptr<const KeyColumns> keys;

  // What a delete becomes.
  bool row_of_delete() const { return !unwrap || unwrap_deletes == UnwrapDeletes::Rewrite; }
  bool tombstone_of_delete() const {
    return unwrap ? unwrap_deletes == UnwrapDeletes::Tombstone : tombstones;
  }
};

std::span<const Option> option_table();
// A Usage fault that says what of them is wrong.
Result<Options> read_options(const Settings& settings);

}  // namespace sluice::debezium
