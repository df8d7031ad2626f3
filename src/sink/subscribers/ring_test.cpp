#include "sink/subscribers/ring.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "sink/subscribers/change_id.h"
#include "sink/subscribers/row_rule.h"
#include "support/sample.h"

namespace sluice::subscribers {
namespace {

void add(Ring& ring, uint64_t id, std::string_view value, std::string_view topic = "a.b",
         Op op = Op::Insert) {
  Post post{frame_of(Protocol::Delimiter, value.size(), true), value, topic, op, id};
  ring.add({&post, 1});
}

// All that comes, the delimiters as commas; behind it `!` where the next was lost.
std::string rest(const Ring& ring, Ring::Reader& reader, const Subscription& wanted = {}) {
  std::string found;
  for (;;) {
    Ring::Run run = ring.next(reader, wanted);
    if (run.lost) return found + "!";
    if (!run.holds) return found;
    for (std::string_view bytes = run.bytes; !bytes.empty();) {
      size_t end = bytes.find(kDelimiter);
      found.append(bytes.substr(0, end)) += ',';
      bytes.remove_prefix(end + kDelimiter.size());
    }
  }
}

std::string rest_behind(const Ring& ring, uint64_t id) {
  Ring::Reader reader = ring.behind(id).value();
  return rest(ring, reader);
}

TEST(Ring, GivesEachReaderWhatComesBehindItsPlace) {
  Ring ring(1 << 20, 77);
  Ring::Reader first = ring.end();
  add(ring, 1, "one");
  Ring::Reader second = ring.end();
  add(ring, 2, "two");
  add(ring, 2, "zwei");
  EXPECT_EQ(rest(ring, first), "one,two,zwei,");
  EXPECT_EQ(rest(ring, second), "two,zwei,");
  add(ring, 3, "three");
  EXPECT_EQ(rest(ring, first), "three,");
  EXPECT_EQ(rest_behind(ring, 1), "two,zwei,three,");
  EXPECT_EQ(rest_behind(ring, 2), "three,");
  EXPECT_EQ(rest_behind(ring, 77), "one,two,zwei,three,");
  EXPECT_FALSE(ring.behind(4));
  EXPECT_FALSE(ring.behind(0));
}

TEST(Ring, LeavesOutWhatIsNotWanted) {
  Ring ring(1 << 20, 0);
  for (int i = 0; i < 4; ++i) {
    add(ring, 1, "t" + std::to_string(i), "shop.t");
    add(ring, 1, "u" + std::to_string(i), "shop.u", i % 2 ? Op::Delete : Op::Update);
  }
  Subscription wanted;
  ASSERT_TRUE(wanted.set_topics({"*.u"}));
  Ring::Reader reader = ring.begin(), deletes = ring.begin();
  EXPECT_EQ(rest(ring, reader, wanted), "u0,u1,u2,u3,");
  wanted.set_operations(*parse_operations({"delete"}));
  EXPECT_EQ(rest(ring, deletes, wanted), "u1,u3,");
  ASSERT_TRUE(wanted.set_topics({}));
  wanted.set_operations(kAllOperations);
  add(ring, 1, "t4", "shop.t");
  EXPECT_EQ(rest(ring, reader, wanted), "t4,");
}

TEST(Ring, ForgetsTheOldestAndSaysSo) {
  Ring ring(1 << 20, 0);
  Ring::Reader slow = ring.end();
  std::string value(100'000, 'x');
  for (uint64_t id = 1; id <= 100; ++id) add(ring, id, value);
  EXPECT_FALSE(ring.has(slow));
  EXPECT_EQ(rest(ring, slow), "!");
  EXPECT_FALSE(ring.behind(1));
  Ring::Reader oldest = ring.begin();
  size_t held = rest(ring, oldest).size() / (value.size() + 1);
  EXPECT_GE(held, 4u);
  EXPECT_LE(held, 10u);
  // Who has the last one that left misses nothing.
  auto next = ring.behind(100 - held);
  ASSERT_TRUE(next);
  EXPECT_EQ(rest(ring, *next).size(), held * (value.size() + 1));
}

TEST(Ring, HoldsWhatIsLargerThanItself) {
  Ring ring(1 << 20, 0);
  Ring::Reader reader = ring.end();
  std::string huge(5 << 20, 'x');
  add(ring, 1, huge);
  add(ring, 2, "behind");
  EXPECT_EQ(rest(ring, reader), huge + ",behind,");
  // Who has all of what is dropped lacks nothing.
  add(ring, 3, huge);
  add(ring, 4, huge);
  EXPECT_EQ(rest(ring, reader), huge + "," + huge + ",");
}

TEST(Ring, IsReadWhileItIsWritten) {
  constexpr int kMessages = 20'000;
  Ring ring(64 << 20, 0);
  std::atomic<int> done = 0;
  std::vector<std::thread> readers;
  std::vector<std::string> found(3);
  for (std::string& mine : found) {
    readers.emplace_back([&ring, &mine, &done, reader = ring.end()]() mutable {
      while (std::count(mine.begin(), mine.end(), ',') < kMessages) mine += rest(ring, reader);
      ++done;
    });
  }
  std::string expected;
  for (int i = 0; i < kMessages; ++i) {
    add(ring, 1, std::to_string(i));
    expected += std::to_string(i) + ",";
  }
  for (std::thread& reader : readers) reader.join();
  for (const std::string& mine : found) EXPECT_TRUE(mine == expected);
}

// A ring that keeps the rows of a table whose one column is `id`.
struct RowRing {
  sample::Sample sample;
  TablePtr table = sample::table("a", "b", {sample::column("id", ColumnType::Int)});
  Ring ring{32 << 20, 0, true};
  Subscription wanted;
  RowRules rules;

  void add(int64_t id, Op op = Op::Insert) {
    Row row = sample.row({sample::integer(id)});
    Change change{.op = op, .table = table.get()};
    (op == Op::Delete ? change.before : change.after) = row;
    std::string value = std::to_string(id);
    Post post{frame_of(Protocol::Delimiter, value.size(), true), value, "a.b", op, 1, &change};
    ring.add({&post, 1}, &sample.batch);
  }
  void add_note(std::string_view note) {
    Change change{.op = Op::Insert, .table = table.get(), .after = sample.row({sample.text(note)})};
    Post post{frame_of(Protocol::Delimiter, 1, true), "1", "a.b", Op::Insert, 1, &change};
    ring.add({&post, 1}, &sample.batch);
  }
  void choose(const std::string& where) {
    auto rule = rules.find(where);
    ASSERT_TRUE(rule) << rule.error().what;
    wanted.set_rule(*rule);
  }
};

TEST(Ring, LeavesOutWhatARuleIsNotTrueOf) {
  RowRing own;
  Ring::Reader reader = own.ring.begin(), all = own.ring.begin();
  own.choose("id % 3 = 0 OR operation = 'delete'");
  std::string expected;
  for (int64_t i = 0; i < 5000; ++i) {  // of several segments
    own.add(i, i % 1000 == 1 ? Op::Delete : Op::Insert);
    if (i % 3 == 0 || i % 1000 == 1) expected += std::to_string(i) + ",";
  }
  Change none{.op = Op::Ddl};
  Post ddl{frame_of(Protocol::Delimiter, 3, true), "ddl", "a.b", Op::Ddl, 1, &none};
  own.ring.add({&ddl, 1}, &own.sample.batch);
  std::string found;
  size_t turns = 0;
  for (Ring::Run run{.more = true}; run.more || run.holds; ++turns) {
    run = own.ring.next(reader, own.wanted);
    ASSERT_FALSE(run.lost || run.misfit);
    for (std::string_view bytes = run.bytes; !bytes.empty();) {
      size_t end = bytes.find(kDelimiter);
      found.append(bytes.substr(0, end)) += ',';
      bytes.remove_prefix(end + kDelimiter.size());
    }
  }
  EXPECT_EQ(found, expected + "ddl,");
  EXPECT_EQ(std::count(found.begin(), found.end(), ','), 1667 + 4 + 1);
  // A rule that is true of nothing gives others their turn.
  own.choose("id < 0");
  EXPECT_TRUE(own.ring.next(all, own.wanted).more);
}

TEST(Ring, HoldsNoMoreMemoryWithRowsThanItMay) {
  for (size_t size : {100, 100'000}) {
    RowRing own;
    own.table = sample::table("a", "b", {sample::column("note", ColumnType::LongText)});
    std::string note(size, 'x');
    Change change{
        .op = Op::Insert, .table = own.table.get(), .after = own.sample.row({own.sample.text(note)})};
    Post post{frame_of(Protocol::Delimiter, size, true), note, "a.b", Op::Insert, 1, &change};
    auto in_use = [] {
      struct mallinfo2 info = mallinfo2();  // zeros under sanitizers
      return info.uordblks + info.hblkhd;
    };
    size_t before = in_use();
    for (size_t bytes = 0; bytes < 100 << 20; bytes += size) own.ring.add({&post, 1}, &own.sample.batch);
    EXPECT_LT(in_use() - before, size_t{34} << 20) << size;  // 32 MiB, and the segments that always are
  }
}

TEST(Ring, SaysWhenARuleDoesNotFit) {
  RowRing own;
  Ring::Reader reader = own.ring.begin();
  own.choose("id > 1");
  EXPECT_TRUE(own.ring.fits(own.wanted));
  for (int64_t i = 1; i < 4; ++i) own.add(i);
  own.table = sample::table("a", "b", {sample::column("number", ColumnType::Int)});
  own.add(4);
  Ring::Run run = own.ring.next(reader, own.wanted);
  EXPECT_EQ(run.messages, 2u);
  run = own.ring.next(reader, own.wanted);
  ASSERT_TRUE(run.misfit);
  EXPECT_EQ(run.misfit->what, "where: column 1: a.b has no column 'id'\n    id > 1\n    ^");
  // What the topic had last counts.
  auto fits = own.ring.fits(own.wanted);
  ASSERT_FALSE(fits);
  EXPECT_EQ(fits.error().what, run.misfit->what);
  ASSERT_TRUE(own.wanted.set_topics({"!a.b"}));
  EXPECT_TRUE(own.ring.fits(own.wanted));
}

TEST(Ring, AsksRulesWhileItIsWritten) {
  constexpr int64_t kMessages = 10'000;
  RowRing own;
  own.choose("id % 2 = 0");
  std::thread reading([&own, reader = own.ring.begin()]() mutable {
    for (int64_t next = 0; next < kMessages;) {
      Ring::Run run = own.ring.next(reader, own.wanted);
      ASSERT_FALSE(run.lost || run.misfit);
      if (!run.holds) continue;
      ASSERT_EQ(run.messages, 1u);
      ASSERT_EQ(run.bytes, std::to_string(next) + std::string(kDelimiter));
      next += 2;
    }
  });
  for (int64_t i = 0; i < kMessages; ++i) own.add(i);
  reading.join();
}

TEST(RowRules, AreSharedAndBounded) {
  RowRules rules;
  auto one = rules.find("id = 1"), same = rules.find("id = 1");
  ASSERT_TRUE(one && same);
  EXPECT_EQ(*one, *same);
  std::vector<std::shared_ptr<RowRule>> held = {*one};
  for (size_t i = 1; i < RowRules::kMost; ++i)
    held.push_back(rules.find("NEW.id = " + std::to_string(i)).value());
  EXPECT_FALSE(rules.find("id = 2"));
  EXPECT_TRUE(rules.find("id = 1"));
  held.pop_back();
  EXPECT_TRUE(rules.find("id = 2"));
  EXPECT_FALSE(rules.find("id = '\xff'"));
  EXPECT_FALSE(rules.find(std::string(RowRule::kMostBytes + 1, ' ')));
}

TEST(RowRules, TakeFewRegularExpressionsAndSmallOnes) {
  auto why = [](const std::string& text) {
    auto rule = RowRule::parse(text);
    return rule ? std::string() : rule.error().what;
  };
  std::string ten = "a REGEXP '0'";
  for (int i = 1; i < 10; ++i) ten += fmt::format(" OR a REGEXP '^x{}[a-z]{{1,9}}$'", i);
  EXPECT_EQ(why(ten), "");
  EXPECT_NE(why(ten + " OR a REGEXP 'x'").find("more than 10 regular expressions"), std::string::npos);
  EXPECT_NE(why(R"(a REGEXP '\pL{400}')").find("counts too far"), std::string::npos);
  EXPECT_NE(why("a REGEXP '('").find("is wrong: missing )"), std::string::npos);
}

TEST(RowRules, MakeLittleOfLargeRows) {
  RowRing own;
  own.table = sample::table("a", "b", {sample::column("note", ColumnType::LongText)});
  std::string many = "note";
  for (int i = 0; i < 100; ++i) many += ", note";
  own.choose("length(concat(" + many + ")) IS NULL");
  own.add_note(std::string(1 << 20, 'x'));
  Ring::Reader reader = own.ring.begin();
  EXPECT_EQ(own.ring.next(reader, own.wanted).messages, 1u);
}

TEST(RowRules, CannotAskForMuchWorkOfARow) {
  std::string as(2000, 'a'), many = "note";
  for (int i = 0; i < 300; ++i) many += ", note";
  const std::string cases[] = {
      "note LIKE '%" + as + "b'",
      "note LIKE '%_" + as + "b%' OR note = 'x'",
      "note REGEXP 'x{0,999}a{0,999}y{0,999}b'",
      "char_length(concat(" + many + ")) = 1",
  };
  for (const std::string& where : cases) {
    RowRing own;
    own.table = sample::table("a", "b", {sample::column("note", ColumnType::LongText)});
    own.choose(where);
    own.add_note(std::string(1 << 20, 'a'));
    Ring::Reader reader = own.ring.begin();
    Ring::Run run = own.ring.next(reader, own.wanted);
    ASSERT_TRUE(run.misfit) << where.substr(0, 20);
    EXPECT_NE(run.misfit->what.find("to judge a change of a.b takes more work than is allowed"),
              std::string::npos)
        << run.misfit->what;
  }
}

TEST(RowRules, GiveOthersTheirTurnTheSoonerTheLongerTheyTake) {
  RowRing own;
  own.table = sample::table("a", "b", {sample::column("note", ColumnType::LongText)});
  own.choose("note NOT LIKE '%" + std::string(500, 'a') + "b'");
  for (int i = 0; i < 100; ++i) own.add_note(std::string(2000, 'a'));  // 750,000 comparisons each
  Ring::Reader reader = own.ring.begin();
  size_t messages = 0, turns = 0;
  for (Ring::Run run{.more = true}; run.more || run.holds; turns += run.more) {
    run = own.ring.next(reader, own.wanted);
    ASSERT_FALSE(run.misfit || run.lost);
    messages += run.messages;
  }
  EXPECT_EQ(messages, 100u);
  EXPECT_GE(turns, 3u);
}

TEST(ChangeId, IsTheSameFromBothSides) {
  EXPECT_EQ(change_id("0-1-42#7"), change_id(transaction_id("0-1-42"), 7));
  EXPECT_NE(change_id("0-1-42#7"), change_id("0-1-42#8"));
  EXPECT_NE(change_id("0-1-42#7"), change_id("0-1-43#7"));
  for (const char* none : {"", "#", "a", "a#", "a#x", "a#-1", "a#1 ", "a#99999999999"})
    EXPECT_EQ(change_id(none), 0u) << none;
}

}  // namespace
}  // namespace sluice::subscribers
