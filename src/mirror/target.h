// Target: what a mirror needs of a database: tables to describe and shape, rows to apply, and a checkpoint
// beside them. One thread at a time calls everything but interrupt().
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mirror/record.h"
#include "mirror/shape.h"

namespace sluice::mirror {

struct RowOp {
  Act act;  // Upsert to Delete
  std::string_view key, values;
  size_t message;
};

// A table as the target has it.
struct TableThere {
  struct Column {
    std::string name;
    std::string type;
  };
  std::vector<Column> columns;
  std::vector<std::string> key;  // of the primary key, in its order
  // There are further unique indexes: what is done to a row may hit another one, so that the order counts.
  bool more_unique = false;
  // Keys that differ may be one to it: texts whose case or trailing spaces do not count, 0 and -0.
  bool loose_key = false;
  bool any_case = false;  // names of columns that differ in case alone are one to it
  bool view = false;
  std::string taken_by;  // the table's own name, where it is another one that the target takes for the same

  const Column* find(std::string_view name) const;
};

// A place with the shape of the rows that go there, and what the target made of both.
struct TableAt {
  struct Prepared {
    virtual ~Prepared() = default;
  };
  std::string place;
  Shape shape;
  bool more_unique = false;
  bool apart = false;   // what is done to rows of different keys does not depend on the order
  std::string problem;  // why its rows cannot be taken; empty: they can
  std::unique_ptr<Prepared> prepared;
  std::vector<RowOp> pending;
  std::vector<std::vector<RowOp>> parts;  // of a Team's helpers, by their number
};

struct Stored {
  std::string position, mark;
  uint64_t serial = 0;
};

// A Fatal fault is the target's answer to one statement where refused() says so; it can be left out and the
// transaction go on.
class Target {
 public:
  virtual ~Target() = default;
  // Connects anew; what was under way is rolled back.
  virtual Result<void> connect() = 0;
  virtual void close() = 0;
  virtual void interrupt() noexcept {}
  // For messages: which database at which server, or which file.
  virtual std::string name() const = 0;

  virtual Result<void> begin() = 0;
  virtual Result<void> commit() = 0;
  virtual void roll_back() = 0;
  // What follows can be undone alone; around single statements.
  virtual Result<void> begin_step() { return {}; }
  virtual Result<void> end_step(bool /*good*/) { return {}; }
  // Whether the last failure is about what a statement says, not about the target's state.
  virtual bool refused() const = 0;

  // Nothing: there is no such table.
  virtual Result<std::optional<TableThere>> describe(const std::string& place) = 0;
  // Whether a column of the type that is there holds what one of the shape's would.
  virtual bool fits(std::string_view there, std::string_view wanted) const = 0;
  // A schema change ends the transaction, whatever it is.
  virtual bool ddl_commits() const = 0;
  virtual Result<void> create(const std::string& place, const Shape& shape) = 0;
  virtual Result<void> drop(const std::string& place) = 0;
  virtual Result<void> truncate(const std::string& place) = 0;
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  // `shape`: as it is to be in the end.
  virtual Result<void> alter(const std::string& place, const Step& step, const Shape& shape) = 0;

  // So that several targets may apply() rows of it at once. For targets that may be several.
  virtual void prepare(TableAt& /*table*/) {}
  // Rows of one table, in the order of their changes. Where it has no key, a Delete takes exactly one of the
  // rows that match.
  virtual Result<void> apply(TableAt& table, std::span<const RowOp> rows) = 0;

  virtual Result<std::optional<Stored>> load(const std::string& checkpoint) = 0;
  virtual Result<void> save(const std::string& checkpoint, const Stored& stored) = 0;
};

}  // namespace sluice::mirror
