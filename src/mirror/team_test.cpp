// A mirror with several connections to a database in memory, whose connections break and lose answers, and
// which is made anew with another number of connections.
#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <random>
#include <set>

#include "mirror/mirror.h"

namespace sluice::mirror {
namespace {

constexpr std::string_view kBad = "bad";  // the value that the database refuses

struct Rows {
  std::map<std::string, std::string> keyed, ordered;  // `ordered` has a further unique index
  std::vector<std::string> bare;                      // without a key
  bool operator==(const Rows&) const = default;
};

struct Database {
  std::mutex mutex;
  Rows rows;
  std::optional<Stored> stored;
  std::set<std::pair<size_t, std::string>> writers;  // connections, and the tables that they wrote to
  uint32_t faults_of_100 = 0;
  bool ddl_commits = true;
};

class MemoryTarget final : public Target {
 public:
  MemoryTarget(Database& database, size_t number, uint64_t seed)
      : database_(database), number_(number), dice_(seed * 97 + number) {}

  Result<void> connect() override {
    lost_ = begun_ = false;
    pending_.clear();
    return fails();
  }
  void close() override {}
  std::string name() const override { return "memory"; }
  Result<void> begin() override {
    SLUICE_TRY(fails());
    settle();
    begun_ = true;
    return {};
  }
  Result<void> commit() override {
    SLUICE_TRY(fails());
    settle();
    begun_ = false;
    return fails();  // the answer is lost
  }
  void roll_back() override {
    begun_ = false;
    pending_.clear();
    saved_.reset();
  }
  Result<void> begin_step() override {
    step_ = pending_.size();
    return {};
  }
  Result<void> end_step(bool good) override {
    if (!good) pending_.resize(step_);
    return {};
  }
  bool refused() const override { return refused_; }
  Result<std::optional<TableThere>> describe(const std::string& place) override {
    SLUICE_TRY(fails());
    TableThere there{.columns = {{"k", "text"}, {"v", "text"}}, .more_unique = place == "ordered"};
    if (place != "bare") there.key = {"k"};
    return there;
  }
  bool fits(std::string_view, std::string_view) const override { return true; }
  bool ddl_commits() const override { return database_.ddl_commits; }
  Result<void> create(const std::string&, const Shape&) override { return {}; }
  Result<void> drop(const std::string&) override { return {}; }
  Result<void> truncate(const std::string& place) override {
    SLUICE_TRY(fails());
    if (!database_.ddl_commits) {
      pending_.push_back({place, Act::Truncate, "", ""});
      return {};
    }
    settle();
    begun_ = false;
    std::lock_guard lock(database_.mutex);
    put(place, Act::Truncate, "", "");
    return {};
  }
  Result<void> rename(const std::string&, const std::string&) override { return {}; }
  Result<void> alter(const std::string&, const Step&, const Shape&) override { return {}; }
  Result<void> apply(TableAt& table, std::span<const RowOp> rows) override {
    for (const RowOp& row : rows) {
      SLUICE_TRY(fails());
      refused_ = row.values == kBad || (row.act == Act::Patch && !has(table.place, std::string(row.key)));
      if (refused_) return fatal("refused: {} {}", row.key, row.values);
      pending_.push_back({table.place, row.act, std::string(row.key), std::string(row.values)});
      if (!begun_) settle();
    }
    return {};
  }
  Result<std::optional<Stored>> load(const std::string&) override {
    SLUICE_TRY(fails());
    std::lock_guard lock(database_.mutex);
    return database_.stored;
  }
  Result<void> save(const std::string&, const Stored& stored) override {
    saved_ = stored;
    if (!begun_) settle();
    return fails();
  }

 private:
  struct Write {
    std::string table;
    Act act;
    std::string key, value;
  };

  // Everything that is under way; without begin() that is each statement.
  void settle() {
    std::lock_guard lock(database_.mutex);
    for (const auto& [table, act, key, value] : pending_) put(table, act, key, value);
    if (saved_) database_.stored = saved_;
    pending_.clear();
    saved_.reset();
  }
  Result<void> fails() {
    refused_ = false;
    if (!lost_ && dice_() % 1000 < database_.faults_of_100 * 10) lost_ = true;
    if (!lost_) return {};
    pending_.clear();
    saved_.reset();
    return retryable("the connection {} is lost", number_);
  }
  bool has(const std::string& table, const std::string& key) {
    for (auto write = pending_.rbegin(); write != pending_.rend(); ++write) {
      if (write->table != table) continue;
      if (write->act == Act::Truncate) return false;
      if (write->key == key) return write->act != Act::Delete;
    }
    std::lock_guard lock(database_.mutex);
    return (table == "keyed" ? database_.rows.keyed : database_.rows.ordered).contains(key);
  }
  void put(const std::string& table, Act act, const std::string& key, const std::string& value) {
    database_.writers.emplace(number_, table);
    if (act == Act::Append) return database_.rows.bare.push_back(value);
    auto& rows = table == "keyed" ? database_.rows.keyed : database_.rows.ordered;
    if (act == Act::Truncate)
      rows.clear();
    else if (act == Act::Delete)
      rows.erase(key);
    else
      rows[key] = value;
  }

  Database& database_;
  const size_t number_;
  std::minstd_rand dice_;
  std::vector<Write> pending_;
  std::optional<Stored> saved_;
  size_t step_ = 0;
  bool lost_ = true, refused_ = false, begun_ = false;
};

std::unique_ptr<Mirror> make_mirror(Database& database, size_t connections, uint64_t seed) {
  std::vector<std::unique_ptr<Target>> others;
  for (size_t i = 1; connections > 1 && i <= connections; ++i)
    others.push_back(std::make_unique<MemoryTarget>(database, i, seed));
  return std::make_unique<Mirror>(std::make_unique<MemoryTarget>(database, 0, seed), MirrorOptions{"m"},
                                  std::move(others));
}

struct Entry {
  std::string table;
  Act act;
  std::string key, value;
  bool ends;  // its transaction
};

// A log that makes sense: what is patched is there.
std::vector<Entry> make_log(std::minstd_rand& dice, size_t count) {
  std::vector<Entry> log;
  std::set<std::string> there;
  for (size_t i = 0; i < count; ++i) {
    std::string key = std::to_string(dice() % 30), value = std::to_string(i);
    uint32_t what = dice() % 100;
    bool ends = dice() % 5 == 0;
    if (what < 15) {
      log.push_back({"bare", Act::Append, "", value, ends});
    } else if (what < 25) {
      log.push_back({"ordered", what < 22 ? Act::Upsert : Act::Delete, key, what < 22 ? value : "", ends});
    } else if (what == 25 && dice() % 4 == 0) {
      log.push_back({"keyed", Act::Truncate, "", "", true});
      there.clear();
    } else if (what == 26) {
      log.push_back({"keyed", Act::Upsert, key, std::string(kBad), ends});
    } else if (what == 27 && there.contains(key)) {
      log.push_back({"keyed", Act::Patch, key, value, ends});
    } else if (what < 45) {
      log.push_back({"keyed", Act::Delete, key, "", ends});
      there.erase(key);
    } else {
      log.push_back({"keyed", Act::Upsert, key, value, ends});
      there.insert(key);
    }
  }
  log.back().ends = true;
  return log;
}

Rows expected(const std::vector<Entry>& log) {
  Rows rows;
  for (const Entry& entry : log) {
    auto& table = entry.table == "keyed" ? rows.keyed : rows.ordered;
    if (entry.value == kBad) continue;
    if (entry.act == Act::Append)
      rows.bare.push_back(entry.value);
    else if (entry.act == Act::Truncate)
      table.clear();
    else if (entry.act == Act::Delete)
      table.erase(entry.key);
    else
      table[entry.key] = entry.value;
  }
  return rows;
}

constexpr uint64_t kFirst = 100;

// Entries `begin` to `end` as a delivery.
struct Piece {
  Piece(const std::vector<Entry>& log, size_t begin, size_t end, uint64_t sequence) {
    batch.sequence = sequence;
    batch.resume.server_uuid = "s";
    std::set<std::string> headed;
    for (size_t i = begin; i < end; ++i) {
      const Entry& entry = log[i];
      auto number = static_cast<uint32_t>(i - begin);
      batch.events.push_back({.file = "log.1", .offset = kFirst + i});
      batch.changes.push_back({.index = 0, .event = number});
      out.begin(number);
      size_t record = begin_record(out.bytes, entry.act);
      out.bytes.append(entry.key);
      end_key(out.bytes, record);
      out.bytes.append(entry.value);
      out.end_message();
      out.addresses.back().destination = out.find_destination(entry.table);
      if (headed.insert(entry.table).second) head(number, entry.table == "bare");
      if (!entry.ends) continue;
      whole = number + 1;
      position = {.file = "log.1", .offset = kFirst + i + 1, .server_uuid = "s"};
    }
  }
  void head(uint32_t message, bool bare) {
    size_t begin = out.words.size();
    Shape shape{.columns = {{"k", "text"}, {"v", "text"}}};
    if (!bare) shape.key = {0};
    append_shape(out.words, shape);
    out.headings.push_back({message, begin, static_cast<uint32_t>(out.words.size() - begin)});
  }
  Delivery delivery() const {
    return {batch, out.messages, out.bytes.view(), whole, position ? &*position : nullptr,
            &out,  out.headings, out.words.view(), true};
  }

  Batch batch;
  Outbox out{Places::Names, true};
  size_t whole = Delivery::kInside;
  std::optional<Position> position;
};

// Delivers what is left of the log, with retries; returns whether it got to the end before it died. `refused`
// takes the entries' numbers.
bool live(Mirror& mirror, const std::vector<Entry>& log, std::minstd_rand& dice, uint64_t& sequence,
          std::set<size_t>& refused) {
  auto done = mirror.open("");
  while (!done) done = mirror.reopen();
  size_t from = mirror.position() ? mirror.position()->offset - kFirst : 0;
  while (from < log.size()) {
    size_t end = std::min<size_t>(log.size(), from + 1 + dice() % 90);
    Piece piece(log, from, end, ++sequence);
    while (!(done = mirror.write(piece.delivery()))) {
      EXPECT_EQ(done.error().fault, Fault::Retryable) << done.error().what;
      if (dice() % 3 == 0 || done.error().fault != Fault::Retryable) return false;
      while (!mirror.reopen()) continue;
    }
    for (const Refusal& each : mirror.refused()) refused.insert(from + each.message);
    if (dice() % 8 == 0) return false;
    from = end;
  }
  return true;
}

TEST(Team, HasEveryChangeOnceThroughDeathsAndOtherNumbersOfConnections) {
  std::set<std::pair<size_t, std::string>> writers;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    std::minstd_rand dice(static_cast<uint32_t>(seed));
    std::vector<Entry> log = make_log(dice, 500);
    Database database{.faults_of_100 = seed % 3 == 0 ? 0u : 1u, .ddl_commits = seed % 2 == 0};
    uint64_t sequence = 0, lives = 0;
    std::set<size_t> refused;
    for (bool ended = false; !ended; ++lives) {
      ASSERT_LT(lives, 10'000u) << "seed " << seed;
      auto mirror = make_mirror(database, 1 + dice() % 4, seed * 1000 + lives);
      ended = live(*mirror, log, dice, sequence, refused);
    }
    Rows want = expected(log);
    EXPECT_EQ(database.rows.bare, want.bare) << "seed " << seed;
    EXPECT_EQ(database.rows.ordered, want.ordered) << "seed " << seed;
    EXPECT_EQ(database.rows.keyed, want.keyed) << "seed " << seed;
    for (size_t number : refused)
      EXPECT_EQ(log[number].value, kBad) << "seed " << seed << " entry " << number;
    writers.merge(database.writers);
  }
  for (size_t connection = 1; connection <= 4; ++connection) {
    EXPECT_TRUE(writers.contains({connection, "keyed"}));
    EXPECT_FALSE(writers.contains({connection, "ordered"}));
    EXPECT_FALSE(writers.contains({connection, "bare"}));
  }
}

TEST(Team, ARefusalToOneConnectionIsToldByItsMessage) {
  std::vector<Entry> log;
  for (int i = 0; i < 40; ++i)
    log.push_back({"keyed", Act::Upsert, std::to_string(i), i % 13 == 5 ? std::string(kBad) : "v", i == 39});
  Database database;
  auto mirror = make_mirror(database, 4, 1);
  ASSERT_TRUE(mirror->open(""));
  Piece piece(log, 0, log.size(), 1);
  auto done = mirror->write(piece.delivery());
  ASSERT_TRUE(done) << done.error().what;
  std::vector<size_t> refused;
  for (const Refusal& each : mirror->refused()) refused.push_back(each.message);
  EXPECT_EQ(refused, (std::vector<size_t>{5, 18, 31}));
  EXPECT_EQ(database.rows.keyed.size(), 37u);
}

TEST(Team, WhatFailedIsDoneAgainByOneConnection) {
  std::vector<Entry> log;
  for (int i = 0; i < 40; ++i) log.push_back({"keyed", Act::Upsert, std::to_string(i), "v", i == 39});
  Database database;
  auto mirror = make_mirror(database, 4, 1);
  ASSERT_TRUE(mirror->open(""));
  database.faults_of_100 = 100;
  Piece piece(log, 0, log.size(), 1);
  ASSERT_FALSE(mirror->write(piece.delivery()));
  database.faults_of_100 = 0;
  database.writers.clear();
  ASSERT_TRUE(mirror->reopen());
  ASSERT_TRUE(mirror->write(piece.delivery()));
  EXPECT_EQ(database.writers, (std::set<std::pair<size_t, std::string>>{{0, "keyed"}}));
  Piece next(log, 0, log.size(), 2);
  ASSERT_TRUE(mirror->write(next.delivery()));
}

}  // namespace
}  // namespace sluice::mirror
