// Schemas as Kafka Connect's JsonConverter writes them (org.apache.kafka.connect.json.JsonSchema).
#pragma once

#include <string>

#include "format/debezium/options.h"
#include "model/table.h"

namespace sluice::debezium {

// {"type":"struct",…}: of the key, of which `columns` are the ordinals, and of the value with its envelope
// or, unwrapped, without.
std::string key_schema(const Table& table, const std::vector<uint32_t>& columns, const Options& options);
std::string value_schema(const Table& table, const Options& options, std::string_view connector);
// Of the messages that open and close a transaction, and of heartbeats.
std::string transaction_key_schema();
std::string transaction_value_schema();
std::string heartbeat_key_schema();
std::string heartbeat_value_schema();
// Of the records on the topic of schema changes.
std::string schema_change_key_schema(std::string_view connector);
std::string schema_change_value_schema(std::string_view connector);

}  // namespace sluice::debezium
