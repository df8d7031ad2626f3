#include "pipeline/spill.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "support/folder.h"

namespace sluice {
namespace {

using std::chrono::microseconds;
namespace fs = std::filesystem;

Position at(uint64_t offset) {
  Position position;
  position.file = "bin.000001";
  position.offset = offset;
  position.server_uuid = "s1";
  return position;
}

class SpillTest : public testing::Test {
 protected:
  std::unique_ptr<Spill> open(const std::optional<Position>& reached = std::nullopt, uint64_t most = 1 << 30,
                              uint64_t segment = 1 << 20) {
    auto spill = std::make_unique<Spill>(folder_ / "spill", most, segment);
    auto opened = spill->open(reached);
    fault_ = opened ? "" : opened.error().what;
    return opened ? std::move(spill) : nullptr;
  }
  // `|` stands where the last whole transaction ends; without it the delivery lies inside one.
  static Result<void> append(Spill& spill, uint64_t place, std::string_view lines) {
    Batch batch;
    batch.transactions = {{.id = "t"}};
    batch.events.emplace_back();
    Outbox out(Places::None);
    size_t whole = Delivery::kInside;
    for (char c : lines) {
      if (c == '|') {
        whole = out.messages.size();
        continue;
      }
      out.begin(static_cast<uint32_t>(batch.changes.size()));
      batch.changes.push_back({});
      out.bytes.push(c);
      out.end_message();
    }
    Position position = at(place);
    return spill.append(
        {batch, out.messages, out.bytes.view(), whole, whole == Delivery::kInside ? nullptr : &position});
  }
  // What is in it, a delivery between spaces, with its position.
  static std::string take(Spill& spill, size_t most = SIZE_MAX) {
    std::string all;
    for (size_t i = 0; i < most; ++i) {
      auto next = spill.next(microseconds(0));
      if (!next) return all + next.error().what;
      if (!*next) break;
      Delivery delivery = (*next)->delivery(spill.number());
      for (size_t m = 0; m < delivery.messages.size(); ++m) all += delivery.value(m);
      all += delivery.position ? fmt::format("@{} ", delivery.position->offset) : " ";
      spill.remove_files();
      spill.remove();
    }
    return all;
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> all;
    for (const auto& entry : fs::directory_iterator(folder_ / "spill")) all.push_back(entry.path());
    std::sort(all.begin(), all.end());
    return all;
  }

  test::TemporaryFolder folder_;
  std::string fault_;
};

TEST_F(SpillTest, GivesWhatCameInOrder) {
  auto spill = open();
  EXPECT_FALSE(spill->end());
  ASSERT_TRUE(append(*spill, 10, "ab|"));
  ASSERT_TRUE(append(*spill, 20, "c|de"));
  ASSERT_TRUE(append(*spill, 20, "f"));
  ASSERT_TRUE(append(*spill, 30, "g|"));
  EXPECT_EQ(take(*spill), "ab@10 c@20 de f g@30 ");
  EXPECT_EQ(spill->bytes(), 0u);
  EXPECT_EQ(*spill->end(), at(30));
  EXPECT_FALSE(spill->ended());
  spill->finish(std::nullopt);
  EXPECT_TRUE(spill->ended());
}

TEST_F(SpillTest, GoesOnBehindWhatTheTargetHas) {
  for (uint64_t reached : {0, 10, 20, 30}) {
    fs::remove_all(folder_ / "spill");
    auto spill = open();
    for (uint64_t i = 1; i <= 3; ++i)
      ASSERT_TRUE(append(*spill, 10 * i, std::string(1, static_cast<char>('a' + i)) + "|"));
    spill = open(at(reached));
    ASSERT_TRUE(spill) << fault_;
    EXPECT_EQ(*spill->end(), at(30));
    ASSERT_TRUE(append(*spill, 40, "e|"));
    EXPECT_EQ(take(*spill), std::string("b@10 c@20 d@30 e@40 ").substr(reached / 10 * 5)) << reached;
  }
}

// The source reads an open transaction again from its beginning.
TEST_F(SpillTest, WhatEndsInsideATransactionIsTakenOff) {
  auto spill = open();
  ASSERT_TRUE(append(*spill, 10, "a|b"));
  ASSERT_TRUE(append(*spill, 10, "c"));
  spill = open();
  ASSERT_TRUE(append(*spill, 20, "bcd|"));
  EXPECT_EQ(take(*spill), "a@10 bcd@20 ");
  fs::remove_all(folder_ / "spill");
  spill = open();
  ASSERT_TRUE(append(*spill, 10, "b"));
  spill = open();
  EXPECT_EQ(take(*spill), "");
  ASSERT_TRUE(append(*spill, 10, "b|"));
  EXPECT_EQ(take(*spill), "b@10 ");
}

TEST_F(SpillTest, FilesGoBehindWhatWasDelivered) {
  auto spill = open(std::nullopt, 1 << 30, 400);
  std::string expected;
  for (uint64_t i = 1; i <= 40; ++i) {
    ASSERT_TRUE(append(*spill, 10 * i, "x|"));
    expected += fmt::format("x@{} ", 10 * i);
  }
  size_t all = files().size();
  EXPECT_GT(all, 10u);
  EXPECT_EQ(take(*spill, 20).size(), expected.substr(0, expected.find("@210")).size() - 1);
  EXPECT_LT(files().size(), all - 5);
  // Delivered without its position on disk, a file stays.
  size_t before = files().size();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(spill->next(microseconds(0)).value());
    spill->remove();
  }
  EXPECT_EQ(files().size(), before);
  spill = open(at(200), 1 << 30, 400);
  ASSERT_TRUE(spill) << fault_;
  EXPECT_EQ(take(*spill), expected.substr(expected.find("x@210")));
  EXPECT_LE(files().size(), 2u);
}

TEST_F(SpillTest, IsFullAndHasRoomAgain) {
  auto spill = open(std::nullopt, 700, 200);
  uint64_t place = 0;
  Result<void> result;
  while ((result = append(*spill, ++place, "x|"))) ASSERT_LT(place, 100u);
  EXPECT_EQ(result.error().fault, Fault::Retryable);
  EXPECT_NE(result.error().what.find("is full"), std::string::npos) << result.error().what;
  EXPECT_LE(spill->bytes(), 700u);
  EXPECT_EQ(take(*spill, 2), "x@1 x@2 ");
  EXPECT_TRUE(append(*spill, place, "x|"));
  take(*spill);
  EXPECT_TRUE(append(*spill, place + 1, std::string(5000, 'y') + "|")) << "one delivery always has room";
}

// Cut anywhere in its last record, as a death leaves it, it goes on in front of that.
TEST_F(SpillTest, ACutEndIsTakenOff) {
  open();
  auto spill = open();
  ASSERT_TRUE(append(*spill, 10, "a|"));
  uint64_t first = fs::file_size(files()[0]);
  ASSERT_TRUE(append(*spill, 20, "bcd|"));
  std::string whole = test::read_file(files()[0]);
  for (uint64_t size = first; size < whole.size(); ++size) {
    for (bool zeros : {false, true}) {
      std::string bytes = whole.substr(0, size);
      if (zeros) bytes.resize(whole.size());
      std::ofstream(files()[0], std::ios::binary | std::ios::trunc) << bytes;
      spill = open();
      ASSERT_TRUE(spill) << size << ": " << fault_;
      EXPECT_EQ(*spill->end(), at(10));
      EXPECT_EQ(take(*spill), "a@10 ") << size;
    }
  }
}

// Any other damage is a fault: at the start, or when it is read.
TEST_F(SpillTest, DamageIsToldAndNothingIsSkipped) {
  auto spill = open(std::nullopt, 1 << 30, 300);
  for (uint64_t i = 1; i <= 6; ++i) ASSERT_TRUE(append(*spill, 10 * i, "abc|"));
  std::vector<fs::path> all = files();
  ASSERT_GT(all.size(), 2u);
  std::string good = test::read_file(all[0]);
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    std::ofstream(all[0], std::ios::binary | std::ios::trunc) << bad;
    ASSERT_FALSE(open()) << "byte " << at;
    EXPECT_NE(fault_.find("is damaged at byte"), std::string::npos) << fault_;
  }
  std::ofstream(all[0], std::ios::binary | std::ios::trunc) << good.substr(0, good.size() - 1);
  ASSERT_FALSE(open());
  std::ofstream(all[0], std::ios::binary | std::ios::trunc) << good;
  ASSERT_TRUE(open());
  spill = open();
  std::string bad = test::read_file(all[1]);
  bad[30] = '~';
  std::ofstream(all[1], std::ios::binary | std::ios::trunc) << bad;
  EXPECT_NE(take(*spill).find("is damaged at byte"), std::string::npos);
  fs::remove(all[1]);
  ASSERT_FALSE(open()) << "a file is missing";
}

TEST_F(SpillTest, OneFillsWhileAnotherEmpties) {
  auto spill = open(std::nullopt, 4000, 500);
  constexpr uint64_t kCount = 3000;
  std::thread filler([&] {
    for (uint64_t i = 1; i <= kCount; ++i) {
      while (!append(*spill, i, "x|")) std::this_thread::yield();
    }
    spill->finish(Error{Fault::Fatal, "the log is gone"});
  });
  uint64_t taken = 0;
  std::string end;
  while (end.empty()) {
    auto next = spill->next(std::chrono::seconds(10));
    if (!next) {
      end = next.error().what;
    } else if (*next) {
      EXPECT_EQ((*next)->delivery(0).position->offset, ++taken);
      spill->remove_files();
      spill->remove();
    }
  }
  filler.join();
  EXPECT_EQ(taken, kCount);
  EXPECT_EQ(end, "the log is gone");
}

TEST_F(SpillTest, NamesOfLanesBecomeNamesOfFolders) {
  EXPECT_EQ(Spill::folder_of("orders_2-x"), "orders_2-x");
  EXPECT_EQ(Spill::folder_of("../a b%"), "%2e%2e%2fa%20b%25");
}

}  // namespace
}  // namespace sluice
