#include "pipeline/packed.h"

#include <gtest/gtest.h>

#include "format/schema_pool.h"
#include "pipeline/excerpt.h"

namespace sluice {
namespace {

// Two transactions, three changes of two tables, one of them with two messages.
class PackedTest : public testing::Test {
 protected:
  PackedTest() {
    Table orders, lines;
    orders.database = lines.database = "shop";
    orders.name = "orders";
    lines.name = "lines";
    batch_.tables = {freeze(orders), freeze(lines)};
    batch_.transactions = {{.id = "g:1", .gtid = "g:1", .commit_us = 11, .xid = 5, .begin = 4},
                           {.id = "g:2"}};
    batch_.events = {
        {.file = "bin.1", .offset = 10, .next = 20, .timestamp = 7, .server_id = 3, .thread_id = 9},
        {.file = "bin.1", .offset = 20, .next = 30, .database = "shop", .ddl_table = "t"}};
    batch_.changes = {{.op = Op::Update,
                       .last = false,
                       .index = 0,
                       .transaction = 0,
                       .event = 0,
                       .table = batch_.tables[0].get()},
                      {.op = Op::Delete,
                       .last = true,
                       .index = 1,
                       .transaction = 0,
                       .event = 0,
                       .table = batch_.tables[1].get()},
                      {.op = Op::Ddl, .last = true, .index = 0, .transaction = 1, .event = 1}};
    batch_.resume.file = "bin.1";
    batch_.resume.offset = 30;
    batch_.resume.server_uuid = "s1";
    add(0, "first", "k", 2);
    add(0, "", "", 0, true);
    add(1, "second", "", 1);
    add(2, std::string("\0\xff\n", 3), "k3", 0);
  }
  void add(uint32_t change, std::string_view value, std::string_view key, int32_t partition,
           bool tombstone = false) {
    out_.begin(change);
    out_.bytes.append(value);
    if (tombstone) out_.no_value();
    if (!key.empty()) out_.key().append(key);
    out_.header("h", value);
    out_.destination(change == 0 ? "a" : "b");
    out_.end_message();
    if (out_.messages.size() % 2 == 1) {
      out_.headings.push_back({out_.messages.size() - 1, out_.words.size(), 3});
      out_.words.append("a,b");
    }
    out_.addresses.back().partition = partition;
  }
  Delivery delivery(size_t whole, const Position* position) {
    return {batch_,   out_.messages, out_.bytes.view(), whole,
            position, &out_,         out_.headings,     out_.words.view()};
  }

  Batch batch_;
  Outbox out_{true};
};

std::string headers(const Delivery& delivery, size_t i) {
  std::string all;
  delivery.headers(
      i, [&](std::string_view name, std::string_view value) { all += fmt::format("{}={};", name, value); });
  return all;
}

void expect_same(const Delivery& got, const Delivery& want) {
  ASSERT_EQ(got.messages.size(), want.messages.size());
  EXPECT_EQ(got.bytes, want.bytes);
  EXPECT_EQ(got.whole, want.whole);
  ASSERT_EQ(got.position == nullptr, want.position == nullptr);
  if (got.position) { EXPECT_EQ(*got.position, *want.position); }
  if (got.position) { EXPECT_EQ(got.batch.resume, *want.position); }
  EXPECT_EQ(got.batch.resume.server_uuid, want.batch.resume.server_uuid);
  ASSERT_EQ(got.headings.size(), want.headings.size());
  for (size_t i = 0; i < want.headings.size(); ++i) {
    EXPECT_EQ(got.headings[i].message, want.headings[i].message);
    EXPECT_EQ(got.text(got.headings[i]), want.text(want.headings[i]));
  }
  for (size_t i = 0; i < want.messages.size(); ++i) {
    const Change &a = got.batch.changes[got.messages[i].change],
                 &b = want.batch.changes[want.messages[i].change];
    EXPECT_EQ(got.value(i), want.value(i)) << i;
    EXPECT_EQ(got.messages[i].no_value, want.messages[i].no_value) << i;
    EXPECT_EQ(a.op, b.op) << i;
    EXPECT_EQ(a.last, b.last) << i;
    EXPECT_EQ(a.index, b.index) << i;
    ASSERT_EQ(a.table == nullptr, b.table == nullptr) << i;
    if (a.table) { EXPECT_EQ(full_name(*a.table), full_name(*b.table)) << i; }
    const Transaction &s = got.batch.transactions[a.transaction], &t = want.batch.transactions[b.transaction];
    EXPECT_EQ(std::tie(s.id, s.gtid, s.xa, s.commit_us, s.xid, s.begin),
              std::tie(t.id, t.gtid, t.xa, t.commit_us, t.xid, t.begin));
    const Event &e = got.batch.events[a.event], &f = want.batch.events[b.event];
    EXPECT_EQ(
        std::tie(e.file, e.offset, e.next, e.timestamp, e.server_id, e.thread_id, e.database, e.ddl_table),
        std::tie(f.file, f.offset, f.next, f.timestamp, f.server_id, f.thread_id, f.database, f.ddl_table));
    ASSERT_EQ(got.outbox == nullptr, want.outbox == nullptr);
    if (!got.outbox) continue;
    const Address &x = got.address(i), &y = want.address(i);
    EXPECT_EQ(std::tie(x.keyed, x.hashed, x.partition, x.hash),
              std::tie(y.keyed, y.hashed, y.partition, y.hash))
        << i;
    EXPECT_EQ(got.key(i), want.key(i)) << i;
    EXPECT_EQ(headers(got, i), headers(want, i)) << i;
    EXPECT_EQ(got.destination(x.destination), want.destination(y.destination)) << i;
  }
}

// The numbers of schemas are another process's when it is read again: they come with it, and are as they are
// here.
TEST_F(PackedTest, SchemasComeWithTheMessagesThatBearTheirNumbers) {
  constexpr auto kAvro = SchemaLanguage::Avro;
  uint32_t value = schema_number(kAvro, "a.B", "{}"), key = schema_number(kAvro, "a.K", "[]");
  Outbox out(true, true);
  out.begin(0);
  out.bytes.append(schema_head(kAvro, value) + "body");
  out.numbered();
  out.numbered_key().append(schema_head(kAvro, key) + "k");
  out.destination("a");
  out.end_message();
  Delivery given{batch_,           out.messages, out.bytes.view(), Delivery::kInside, nullptr, &out, {},
                 out.words.view(), true};
  Bytes packed;
  pack(given, packed);
  std::string text(packed.view());
  // As a process wrote it that had other numbers.
  for (auto [number, foreign, name, behind] :
       {std::tuple(value, 900'000u, "a.B", "body"), std::tuple(key, 900'001u, "a.K", "k")}) {
    std::string there(reinterpret_cast<const char*>(&number), 4),
        then(reinterpret_cast<const char*>(&foreign), 4);
    // The number, the language, the name's size, the name.
    text.replace(text.find(there + std::string("\0\3\0\0\0", 5) + name), 4, then);
    std::string head = schema_head(kAvro, number);
    text.replace(text.find(head + behind), head.size(), schema_head(kAvro, foreign));
  }
  Unpacked unpacked;
  ASSERT_TRUE(unpacked.append(text));
  Delivery got = unpacked.delivery(1);
  EXPECT_TRUE(got.messages[0].numbered && got.address(0).numbered);
  EXPECT_EQ(got.value(0), schema_head(kAvro, value) + "body");
  EXPECT_EQ(got.key(0), schema_head(kAvro, key) + "k");
  // A message that bears the number of none of them is damage.
  std::string head = schema_head(kAvro, 900'000);
  text.replace(text.find(head), head.size(), schema_head(kAvro, 900'002));
  EXPECT_FALSE(Unpacked().append(text));
}

TEST_F(PackedTest, ComesBackAsItWas) {
  for (bool whole : {true, false}) {
    for (bool addressed : {true, false}) {
      Delivery original = whole ? delivery(3, &batch_.resume) : delivery(Delivery::kInside, nullptr);
      if (!addressed) original.outbox = nullptr;
      Bytes packed;
      pack(original, packed);
      Unpacked unpacked;
      auto read = unpacked.append(packed.view());
      ASSERT_TRUE(read) << read.error().what;
      Delivery back = unpacked.delivery(77);
      EXPECT_EQ(back.batch.sequence, 77u);
      expect_same(back, original);
    }
  }
}

TEST_F(PackedTest, ABinaryFormatHasNothingBetweenItsValues) {
  Outbox binary(false, true);
  for (std::string_view value : {"one\n", "two"}) {
    binary.begin(0);
    binary.bytes.append(value);
    binary.end_message();
  }
  Delivery original{batch_, binary.messages, binary.bytes.view(), 2};
  original.binary = true;
  Bytes packed;
  pack(original, packed);
  Unpacked unpacked;
  ASSERT_TRUE(unpacked.append(packed.view()));
  expect_same(unpacked.delivery(1), original);
  EXPECT_EQ(unpacked.delivery(1).bytes, "one\ntwo");
}

TEST_F(PackedTest, AnExcerptKeepsTheHeadingsThatItNeeds) {
  Excerpt excerpt;
  Delivery all = delivery(4, nullptr);
  excerpt.add(all, 1);
  excerpt.add(all, 3);
  Delivery part = excerpt.delivery(all, 2);
  ASSERT_EQ(part.headings.size(), 2u);
  EXPECT_EQ(part.text(part.headings[0]), "a,b") << "that of the first message";
  EXPECT_EQ(part.headings[1].message, 1u);
  EXPECT_EQ(part.bytes, fmt::format("\n{}\n", all.value(3)));
  EXPECT_EQ(part.destination(part.address(1).destination), "b");
  EXPECT_EQ(part.key(1), "k3");
}

TEST_F(PackedTest, SeveralBecomeOne) {
  Bytes packed;
  pack(delivery(4, &batch_.resume), packed);
  Unpacked unpacked;
  ASSERT_TRUE(unpacked.append(packed.view()));
  ASSERT_TRUE(unpacked.append(packed.view()));
  Delivery both = unpacked.closed_delivery(1, batch_.resume);
  ASSERT_EQ(both.messages.size(), 8u);
  EXPECT_EQ(both.whole, 8u);
  EXPECT_EQ(both.bytes, std::string(out_.bytes.view()) + std::string(out_.bytes.view()));
  EXPECT_EQ(both.key(4), "k");
  EXPECT_EQ(both.batch.transactions[both.batch.changes[both.messages[7].change].transaction].id, "g:2");
}

// Cut anywhere, or with any byte changed, it is refused or is something else, never read out of bounds.
TEST_F(PackedTest, DamageIsFoundOrHarmless) {
  Bytes packed;
  pack(delivery(4, &batch_.resume), packed);
  std::string good(packed.view());
  for (size_t size = 0; size < good.size(); ++size) {
    Unpacked unpacked;
    EXPECT_FALSE(unpacked.append(good.substr(0, size))) << "cut at " << size;
  }
  EXPECT_FALSE(Unpacked().append(good + "x"));
  for (size_t at = 0; at < good.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ 1 << bit);
      Unpacked unpacked;
      if (!unpacked.append(bad)) continue;
      Delivery delivery = unpacked.delivery(1);
      for (size_t i = 0; i < delivery.messages.size(); ++i) {
        EXPECT_LT(delivery.messages[i].change, delivery.batch.changes.size());
        if (delivery.outbox) { EXPECT_LT(delivery.address(i).destination, delivery.destinations()); }
      }
    }
  }
}

}  // namespace
}  // namespace sluice
