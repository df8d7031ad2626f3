// Route: where a lane's messages go: the destination, key and partition of each.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/selection.h"
#include "pipeline/template.h"
#include "rule/filter.h"
#include "sink/sink.h"

namespace sluice {

// What decides on the partition of a destination that has several.
struct Spread {
  enum class By : uint8_t {
    Target,  // the target: by the key where there is one
    Fixed,   // `partition`
    Text,    // the hash of `text`
    Canal,  // canal's partitionHash: the hash of the database, of the table or of columns, one over the other
  };
  enum class Hash : uint8_t { Murmur2, Java };

  By by = By::Target;
  int32_t partition = 0;
  Hash hash = Hash::Murmur2;
  std::optional<Template> text;
  // Of Canal.
  bool with_database = true;
  std::vector<Template> columns;  // none: the table's name
  bool primary_key = false;       // `columns` are those of the table's primary key
  int32_t partitions = 0;         // how many the hash is spread over; 0: as many as the target has
};

struct RouteRule {
  std::shared_ptr<const Selection> tables, among;  // a table must fit both; null: each does
  std::shared_ptr<const rule::Rule> when = {};     // true of the rows' changes that it is for; null: all
  Template destination;
  // None: the key is the format's own. Of the empty template there is no key.
  std::optional<Template> key;
  Spread spread;
};

// The names behind the destinations of a lane, by what they were escaped to. Any thread.
class Originals {
 public:
  // What another name than `name` became `spelt` before, if there is one.
  std::optional<std::string> other(const std::string& spelt, const std::string& name);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::string> names_;
};

// Shared by the routes of a lane's threads.
struct RouteSetup {
  std::vector<RouteRule> rules;  // the first that fits; the last one fits every change
  // Spells a destination as the target takes it; null: as it is.
  void (*escape)(std::string_view name, std::string& out) = nullptr;
  Template::Escape escape_place = nullptr;  // of a destination
  Places places = Places::Keys;
  std::shared_ptr<Originals> originals = std::make_shared<Originals>();
};

class Route {
 public:
  // One thread's own.
  explicit Route(std::shared_ptr<const RouteSetup> setup) : setup_(std::move(setup)) {}

  bool routes() const { return setup_ != nullptr; }
  // Completes the address of a message of `change`, of which `row` is the image spoken of. A message that the
  // encoder gave a destination goes there, under the key that it has. Fails where a template names a column
  // that the table lacks, or where two destinations become one when spelt as the target takes them; and as
  // rule::Filter does.
  Result<void> complete(const Batch& batch, const Change& change, const Row& row, Address& address,
                        Outbox& out);
  // A Usage fault: conditions or templates do not fit the table.
  Result<void> check(const Table& table) const;
  // Before the first message of an empty outbox.
  void begin() { ++round_; }

 private:
  struct Plan {
    TablePtr table;  // keeps its serial from coming again; null of changes without a table
    const RouteRule* rule = nullptr;
    std::unique_ptr<rule::Program> when;  // null: for all that reach it
    Template::Columns destination, key, spread;
    std::vector<Template::Columns> spread_columns;
    std::optional<std::string> fixed;  // the destination, where it is the same for the whole table
    uint64_t round = 0;                // in which `number` is that of `fixed`
    uint32_t number = 0;
  };

  // Of a table, one for each rule that its changes may come under; the last one is for the rest.
  using Plans = std::vector<std::unique_ptr<Plan>>;

  Result<Plan*> plan_of(const Batch& batch, const Change& change);
  Result<Plans> make_plans(const Table& table) const;
  static Result<std::unique_ptr<Plan>> make_plan(const Table& table, const RouteRule& rule);
  Result<uint32_t> destination(const Batch& batch, const Change& change, const Row& row, Plan& plan,
                               Outbox& out);
  Result<std::string> escaped(const std::string& name);
  int32_t hash(const Batch& batch, const Change& change, const Row& row, const Plan& plan);

  std::shared_ptr<const RouteSetup> setup_;
  std::unordered_map<uint64_t, Plans> plans_;  // by the table's serial; 0: of no table
  rule::Frame frame_;
  std::unordered_map<std::string, std::string> escaped_;  // names, and what they were escaped to
  uint64_t round_ = 1;
  Bytes scratch_;
};

}  // namespace sluice
