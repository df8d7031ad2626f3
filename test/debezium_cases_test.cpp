// What Debezium itself sent, and what the debezium format makes of the same log: compared message by message
// and field by field. test/cases/debezium/SERVER-WHAT holds the log and Debezium's messages, a JSON object a
// line with topic, key, headers and value (null of a tombstone); snapshots and schema changes are left out.
// types is test/cases/binlog/sql/types.sql; transactions and keys are transactions.sql with
// provide.transaction.metadata and without shop.other, keys of a log without GTIDs and with
// message.key.columns; the others are shapes.sql. Where schemas are named they came with schemas, of some
// topics only.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "format/encoder.h"
#include "support/read_log.h"

namespace sluice {

extern const FormatType debezium_format;

namespace test {
namespace {

using nlohmann::json;

const std::string kCases = SLUICE_TEST_DIR "/cases/debezium";

// What is to be set for a recorded case.
struct Case {
  std::string name;
  std::vector<std::pair<std::string, std::string>> settings = {};
  // Those that are compared; none: all.
  std::vector<std::string> topics = {};
  bool transactions() const { return name.find("shapes") == name.npos && name.find("types") == name.npos; }
};

const Case kCase[] = {
    {"mysql-9.7-types"},
    {"mysql-9.7-shapes"},
    {"mysql-9.7-schemas", {{"schemas", "true"}}, {"srv.shop.js", "srv.shop.nn", "srv.shop.pair"}},
    {"mariadb-11.8-shapes"},
    {"mysql-9.7-transactions", {{"provide_transaction_metadata", "true"}}},
    {"mariadb-11.8-transactions", {{"provide_transaction_metadata", "true"}}},
    {"mysql-9.7-transactions-schemas",
     {{"provide_transaction_metadata", "true"}, {"schemas", "true"}},
     {"srv.transaction", "srv.shop.nokey"}},
    {"mysql-9.7-keys",
     {{"provide_transaction_metadata", "true"},
      {"key_columns", "shop.items:n,order_id;(.*).NOKEY:B;shop.orders:nothing"}}},
};

std::vector<json> expected(const std::string& name) {
  std::vector<json> all;
  std::string text = read_file(kCases + "/" + name + "/expected.jsonl");
  for (size_t at = 0, end; (end = text.find('\n', at)) != text.npos; at = end + 1) {
    all.push_back(json::parse(text.substr(at, end - at)));
    // The order of its columns.
    all.back()["key"] = nlohmann::ordered_json::parse(text.substr(at, end - at))["key"].dump();
  }
  return all;
}

std::vector<json> written(const Case& recorded) {
  Settings settings(debezium_format.options);
  EXPECT_TRUE(settings.set("name", {"srv"}, "test"));
  for (const auto& [option, value] : recorded.settings) EXPECT_TRUE(settings.set(option, {value}, "test"));
  auto encoder = std::move(*debezium_format.make(settings));
  std::vector<json> all;
  Outbox out(true);
  ReadOptions options;
  options.each = [&](const Batch& batch, const Change& change) {
    if (change.op == Op::Ddl) return;
    out.clear();
    if (change.table->name != "other") encoder->encode(batch, {&change, 1}, out);
    out.end_message();
    if (encoder->in_order() && change.last) encoder->end_transaction(batch, change, out);
    out.end_message();
    for (size_t i = 0; i < out.messages.size(); ++i) {
      const Message& message = out.messages[i];
      const Address& address = out.addresses[i];
      auto value = out.bytes.view().substr(message.begin, message.end - message.begin);
      json one{{"topic", "srv." + change.table->database + "." + change.table->name}};
      if (address.destination != Address::kNone) {
        const Outbox::Name& topic = out.destinations[address.destination];
        one["topic"] = out.word(topic.begin, topic.size);
      }
      one["key"] = address.keyed ? out.word(address.key, address.key_size) : "null";
      one["value"] = message.no_value ? json() : json::parse(value);
      all.push_back(std::move(one));
    }
  };
  ReadResult read = read_log(log_files(kCases + "/" + recorded.name), options);
  EXPECT_EQ(read.error, "");
  return all;
}

// Where this format says what the server holds, and Debezium does not.
struct Deviation {
  std::string_view column;
  json ours, theirs;
  std::string_view why;
};
const Deviation kDeviations[] = {
    {"y", 0, 1900, "YEAR 0000 is not 1900"},
    {"d", -719162, 11323, "the year 1 is not 2001 (enable.time.adjuster)"},
    {"dt3", -62135596800000, 978307200000, "the same"},
    {"q", "comma,", "comma\\,", "a label has no backslash of its own"},
    {"q", "grüße😀", "grüße?", "characters beyond the basic plane in labels"},
    {"j", R"({"a":1,"b":[1,2.5,true,null,"x\"y"],"c":{"d":10000000000.0}})",
     R"({"a":1,"b":[1,2.5,true,null,"x\"y"],"c":{"d":10000000000}})", "a double stays one"},
    {"j",
     R"({"d":"2024-01-02","t":"-10:11:12.000000","dt":"2024-01-02 03:04:05.678000","big":18446744073709551615,"dbl":1.5,"dec":1.50})",
     R"({"d":"2024-01-02","t":"11:0-12:0-12","dt":"2024-01-02 03:04:05.678","big":18446744073709551615,"dbl":1.5,"dec":1.50})",
     "a negative TIME within a document; digits as the server shows them"},
};

bool same_leaf(const std::string& path, const json& ours, const json& theirs) {
  if (ours == theirs) return true;
  std::string column = path.substr(path.rfind('.') + 1);
  for (const Deviation& known : kDeviations) {
    if (known.column == column && known.ours == ours && known.theirs == theirs) return true;
  }
  // Of a transaction without a GTID Debezium knows the second only.
  for (auto [clock, second] : {std::pair{"ts_ms", 1'000}, {"ts_us", 1'000'000}, {"ts_ns", 1'000'000'000}}) {
    if (column != clock || !theirs.is_number_integer() || theirs.get<int64_t>() % second != 0) continue;
    return ours.get<int64_t>() / second == theirs.get<int64_t>() / second;
  }
  // FLOAT(7,3) is a double to Debezium, and its shortest digits are not always the shortest.
  bool real = column == "f" || column == "fs";
  return real && ours.is_number() && theirs.is_number() && ours.get<float>() == theirs.get<float>();
}

// Fields that this format does not have in common with a run of Debezium, or leaves out
// (docs/formats/debezium.md).
bool left_out(const std::string& path, const std::string& field) {
  bool clock = field == "ts_ms" || field == "ts_us" || field == "ts_ns";
  if (clock && path.find(".source") == path.npos) return true;
  bool told = path.find(".transaction") != path.npos;
  return field == "version" || (field == "transaction" && !told) || field == "default" || field == "headers";
}

// `placed`: source.pos is the same, too. Of MariaDB, Debezium says where the transaction begins, not the
// event.
void compare(const std::string& path, const json& ours, const json& theirs, bool placed) {
  if (ours.is_object() && theirs.is_object()) {
    for (const auto& [field, value] : theirs.items()) {
      if (left_out(path, field)) continue;
      if (!ours.contains(field)) {
        bool point = field == "x" || field == "y";  // a log alone does not name the kind of a geometry
        EXPECT_TRUE(point && ours.contains("wkb"))
            << path << "." << field << " is missing in " << ours.dump();
        continue;
      }
      compare(path + "." + field, ours[field], value, placed);
    }
    for (const auto& [field, value] : ours.items()) {
      EXPECT_TRUE(theirs.contains(field)) << path << "." << field << " is not Debezium's";
    }
    return;
  }
  if (ours.is_array() && theirs.is_array()) {
    ASSERT_EQ(ours.size(), theirs.size()) << path;
    for (size_t i = 0; i < ours.size(); ++i)
      compare(path + "[" + std::to_string(i) + "]", ours[i], theirs[i], placed);
    return;
  }
  bool elsewhere = !placed && path.ends_with("source.pos");
  EXPECT_TRUE(elsewhere || same_leaf(path, ours, theirs))
      << path << "\n ours: " << ours.dump() << "\n theirs: " << theirs.dump();
}

// Transactions without a row that is sent are told of by Debezium alone; those of schema changes of MariaDB
// without an END.
void leave_out_empty(std::vector<json>& theirs) {
  auto payload = [](const json& each) {
    const json& value = each["value"];
    return value.contains("payload") ? value["payload"] : value;
  };
  std::set<json> told;
  for (const json& each : theirs) {
    if (each["topic"] != "srv.transaction") continue;
    json message = payload(each), count = message.value("event_count", json());
    if (count.is_number() && count > 0) told.insert(message["id"]);
  }
  std::erase_if(theirs, [&](const json& each) {
    return each["topic"] == "srv.transaction" && !told.contains(payload(each)["id"]);
  });
}

// The order of its members is a HashMap's.
void sort_collections(json& value) {
  if (value.contains("payload")) return sort_collections(value["payload"]);
  if (value.contains("data_collections") && value["data_collections"].is_array()) {
    std::sort(value["data_collections"].begin(), value["data_collections"].end());
  }
}

// Without GTIDs Debezium names a transaction by where its BEGIN stands, this format by its first event.
std::string without_offset(std::string text) {
  constexpr std::string_view kMark = ",pos=";
  for (size_t at = text.find(kMark); at != text.npos; at = text.find(kMark, at)) {
    at += kMark.size();
    text.erase(at, text.find_first_not_of("0123456789", at) - at);
  }
  return text;
}

class DebeziumCases : public testing::TestWithParam<Case> {};

TEST_P(DebeziumCases, SaysWhatDebeziumSays) {
  const Case& recorded = GetParam();
  std::vector<json> theirs = expected(recorded.name), ours = written(recorded);
  if (!recorded.topics.empty()) {
    std::erase_if(ours, [&](const json& each) {
      return std::count(recorded.topics.begin(), recorded.topics.end(), each["topic"]) == 0;
    });
  }
  leave_out_empty(theirs);
  // Two things are not sent: a tombstone without a key, and what a UNIQUE key stands in for.
  std::erase_if(theirs, [](const json& each) { return each["key"] == "null" && each["value"].is_null(); });
  auto of_unique = [](const json& each) { return each["topic"] == "srv.shop.uniq"; };
  std::erase_if(ours, of_unique);
  std::erase_if(theirs, of_unique);
  ASSERT_EQ(ours.size(), theirs.size());
  bool placed = !recorded.name.starts_with("mariadb"), gtids = recorded.name != "mysql-9.7-keys";
  for (size_t i = 0; i < ours.size(); ++i) {
    SCOPED_TRACE("message " + std::to_string(i) + " of " + ours[i]["topic"].get<std::string>());
    for (json* each : {&ours[i], &theirs[i]}) {
      if ((*each)["topic"] == "srv.transaction") sort_collections((*each)["value"]);
      if (!gtids) *each = json::parse(without_offset(each->dump()));
    }
    if (placed && gtids && ours[i]["topic"] == "srv.transaction") {
      EXPECT_EQ(ours[i]["value"], theirs[i]["value"]);
    }
    if (recorded.name.ends_with("-schemas")) {  // where the order of members is another
      for (json* each : {&ours[i], &theirs[i]}) (*each)["key"] = json::parse(std::string((*each)["key"]));
    }
    compare(recorded.transactions() ? ".transaction" : "", ours[i], theirs[i], placed);
  }
}

INSTANTIATE_TEST_SUITE_P(Recorded, DebeziumCases, testing::ValuesIn(kCase), [](const auto& made) {
  std::string name = made.param.name;
  for (char& c : name) c = isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

}  // namespace
}  // namespace test
}  // namespace sluice
