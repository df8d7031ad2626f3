// Histories of whole pipelines, each from a seed: the source pauses and loses its connection, targets fail
// and stall, the disk is full, and the power is cut at any step, again and again, until everything has
// arrived. Then nothing may be missing, nothing out of order, and nothing there twice but what was in hand.
//
// SLUICE_SEED=N replays one history, SLUICE_HISTORIES=N runs that many. What a history decides comes from its
// seed; how its threads take turns does not: repeat a replay that does not fail at once.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <thread>

#include "base/log.h"
#include "pipeline/pipeline.h"
#include "simulate/sim_sink.h"
#include "simulate/sim_source.h"
#include "simulate/sim_state.h"
#include "sink/file/file_path.h"
#include "sink/file/file_set.h"
#include "sink/file/file_sink.h"
#include "state/sqlite/sqlite_state.h"
#include "support/folder.h"
#include "support/sanitized.h"
#include "support/zstd_file.h"

namespace sluice::simulate {
namespace {

constexpr uint64_t kHistories = test::kSanitized ? 1000 : 10'000;

uint64_t number_from(const char* variable, uint64_t fallback) {
  const char* text = std::getenv(variable);
  return text ? std::strtoull(text, nullptr, 10) : fallback;
}

struct LanePlan {
  enum Kind { Queue, Exact, File, ZstdFile, Files, Particular } kind;
  unsigned threads;
  uint64_t spill;  // bytes; 0: it holds the source
  bool leaves;     // it is left behind once it has held the source for a moment
};

// What the lines in a file and in those that it was turned over to hold together.
std::string all_lines(const std::string& folder, const std::string& stem, bool zstd) {
  std::map<std::string, std::string> parts;  // the number in its name sorts them; the active one is last
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::string name = entry.path().filename().string();
    if (!name.starts_with(stem)) continue;
    std::string bytes = test::read_file(entry.path().string());
    size_t dash = name.rfind('-');
    parts[dash == std::string::npos ? "z" : name.substr(dash + 1)] = zstd ? test::unzip(bytes).bytes : bytes;
  }
  std::string all;
  for (const auto& part : parts) all += part.second;
  return all;
}

// A file for each transaction that has a GTID: what the files in a folder hold, each line once and in order?
std::string check_files(const std::string& folder, const World& world) {
  std::map<std::pair<std::string, std::string>, std::string> parts;  // by the file's name and its number
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::string name = entry.path().filename().string();
    if (name.starts_with(".sluice")) continue;
    size_t turned = name.find("Z-");  // NAME-20260115T103000Z-000042
    std::string stem = turned == name.npos ? name : name.substr(0, turned - 16);
    parts[{stem, turned == name.npos ? "z" : name.substr(turned)}] = test::read_file(entry.path().string());
  }
  size_t count = 0;
  std::string stem;
  size_t next = 0;
  for (const auto& [name, bytes] : parts) {
    if (name.first != stem) next = 0;
    stem = name.first;
    for (size_t at = 0, end; (end = bytes.find('\n', at)) != bytes.npos; at = end + 1, ++count) {
      size_t index = world.index(std::string_view(bytes).substr(at, end - at));
      if (index == SIZE_MAX || index < next) {
        return fmt::format("{} {}: line {} of the world at byte {} of {}, where {} or later was due", stem,
                           name.second, index, at, bytes.size(), next);
      }
      next = index + 1;
    }
  }
  if (count == world.lines().size()) return {};
  return fmt::format("its files have {} lines of {}", count, world.lines().size());
}

class History {
 public:
  // `cut`: the step at which the power is cut the first time; 0: as the seed will have it.
  History(uint64_t seed, int64_t cut)
      : random_(seed),
        world_(random_.next(), 5 + random_.below(random_.once_in(10) ? 100 : 20)),
        first_cut_(cut) {
    size_t lanes = 1 + random_.below(3);
    for (size_t i = 0; i < lanes; ++i) {
      auto kind = static_cast<LanePlan::Kind>(random_.below(6));
      uint64_t spill = random_.once_in(3) ? 3000u << random_.below(5) : 0u;
      plans_.push_back({kind, random_.once_in(3) ? 2u : 1u, spill, random_.once_in(2)});
      if (kind == LanePlan::Files) std::filesystem::create_directory(folder(i));
      particular_.push_back(std::make_unique<ParticularTarget>());
      targets_.push_back(
          std::make_unique<Target>(kind == LanePlan::Queue ? Promise::AtLeastOnce : Promise::Exact));
    }
    sqlite_ = random_.once_in(20);
  }

  // Lives on until everything has arrived. Empty: all as it should be.
  std::string live() {
    for (int life = 0; life < 1000; ++life) {
      bool done = false;
      std::string wrong = live_once(life, done);
      if (!wrong.empty()) return fmt::format("in life {}: {}", life, wrong);
      if (!done) continue;
      if (!parked()) return check();
      // Somebody mends the targets, and has all tried again.
      for (auto& target : particular_) target->mended = true;
      ask_for_all_ = true;
    }
    return "never came to an end";
  }
  bool was_cut() const { return was_cut_; }
  uint64_t left() const { return left_; }

 private:
  std::vector<LaneSetup> choose_lanes(int life, State& kept, Power& power, bool& all_there);
  std::string live_once(int life, bool& done);
  bool parked();
  std::string check();
  std::unique_ptr<Sink> make_sink(size_t lane, Power& power);
  LaneSetup make_lane(size_t lane, Power& power);
  std::string file(size_t lane) const {
    return folder_ / fmt::format("{}.jsonl{}", lane, plans_[lane].kind == LanePlan::ZstdFile ? ".zst" : "");
  }

  std::string folder(size_t lane) const { return folder_ / fmt::format("{}-files", lane); }
  // Of a lane whose target has places.
  std::shared_ptr<const RouteSetup> route(size_t lane) const {
    if (plans_[lane].kind != LanePlan::Files) return nullptr;
    auto setup = std::make_shared<RouteSetup>();
    setup->places = Places::Names;
    setup->escape = file::escape_path;
    setup->escape_place = file::escape_place;
    setup->rules.push_back({.destination = Template::parse(folder(lane) + "/{gtid}").value()});
    return setup;
  }

  Random random_;
  World world_;
  const int64_t first_cut_;
  std::vector<LanePlan> plans_;
  std::vector<std::unique_ptr<Target>> targets_;
  std::vector<std::unique_ptr<ParticularTarget>> particular_;
  std::vector<std::unique_ptr<Target>> guests_;  // of sinks that are there for one life
  test::TemporaryFolder folder_;
  MemoryState memory_;
  bool sqlite_ = false;
  bool was_cut_ = false;
  bool ask_for_all_ = false;
  uint64_t left_ = 0;  // how often a sink was left behind
};

std::unique_ptr<Sink> History::make_sink(size_t lane, Power& power) {
  LanePlan::Kind kind = plans_[lane].kind;
  if (kind == LanePlan::Queue || kind == LanePlan::Exact) {
    return std::make_unique<SimSink>(world_, *targets_[lane], power, random_.next());
  }
  if (kind == LanePlan::Particular) {
    return std::make_unique<ParticularSink>(*particular_[lane], power, random_.next());
  }
  if (kind == LanePlan::Files) {
    FileOptions options{.path = folder(lane) + "/{gtid}",
                        .rotate_bytes = random_.once_in(2) ? 150u : 0u,
                        .sync = false,
                        .open_files = 1 + random_.below(4)};
    return std::make_unique<CutSink>(std::make_unique<file::FileSet>(options), power, random_.next());
  }
  // Without fsync: nobody cuts the machine's power here, and a disk would take its time.
  FileOptions options{
      .path = folder_ / fmt::format("{}.jsonl", lane),
      .rotate_bytes = 200 + 37 * lane,
      .compression = kind == LanePlan::ZstdFile ? file::Compression::Zstd : file::Compression::None,
      .sync = false};
  return std::make_unique<CutSink>(make_file_sink(options), power, random_.next());
}

LaneSetup History::make_lane(size_t lane, Power& power) {
  return {.name = fmt::format("lane{}", lane),
          .sink = make_sink(lane, power),
          .encoder = std::make_unique<NameEncoder>(),
          .encode_threads = plans_[lane].threads,
          .route = route(lane),
          .on_refusal = OnRefusal::Park,
          .spill_folder = folder_ / fmt::format("spill/{}", lane),
          .spill_bytes = plans_[lane].spill,
          .leave_after = std::chrono::milliseconds(plans_[lane].leaves ? 1 : 0),
          .again = [this, lane, &power]() -> Result<LaneSetup> { return make_lane(lane, power); }};
}

bool History::parked() {
  std::unique_ptr<State> disk;
  if (sqlite_) disk = open_sqlite_state(folder_ / "state").value();
  bool any = false;
  EXPECT_TRUE((disk ? *disk : memory_).park()->each_parked("", [&](const ParkedMessage&) { any = true; }));
  return any;
}

std::vector<LaneSetup> History::choose_lanes(int life, State& kept, Power& power, bool& all_there) {
  std::vector<LaneSetup> lanes;
  for (size_t i = 0; i < plans_.size(); ++i) {
    // Sinks are taken out for a life, and come back where they were.
    bool last = i + 1 == plans_.size() && lanes.empty();
    bool known = kept.lane(fmt::format("lane{}", i)).value().has_value();
    if (first_cut_ == 0 && !last && known && random_.once_in(8)) {
      all_there = false;
    } else {
      lanes.push_back(make_lane(i, power));
    }
  }
  // Sinks come and go between lives, and the others never notice.
  if (first_cut_ == 0 && random_.once_in(4)) {
    guests_.push_back(std::make_unique<Target>(Promise::AtLeastOnce));
    auto place = static_cast<std::ptrdiff_t>(random_.below(lanes.size() + 1));
    LaneSetup guest{.name = fmt::format("guest{}", life),
                    .sink = std::make_unique<SimSink>(world_, *guests_.back(), power, random_.next()),
                    .encoder = std::make_unique<NameEncoder>()};
    lanes.insert(lanes.begin() + place, std::move(guest));
  }
  return lanes;
}

std::string History::live_once(int life, bool& done) {
  std::unique_ptr<State> disk;
  if (sqlite_) {
    auto opened = open_sqlite_state(folder_ / "state");
    if (!opened) return opened.error().what;
    disk = std::move(*opened);
  }
  State& kept = disk ? *disk : memory_;
  Position from = kept.resume().value().value_or(Position());
  Catalogue catalogue;
  if (auto loaded = kept.load(catalogue); !loaded) return loaded.error().what;
  size_t read = from.known() ? world_.find(from) : 0;
  if (summary(catalogue) != world_.catalogue(read)) {
    return fmt::format("the saved catalogue is not that of the saved position, {}", describe(from));
  }

  if (ask_for_all_ || random_.once_in(6)) {
    for (size_t i = 0; i < plans_.size(); ++i) {
      if (!kept.park()->ask_parked(fmt::format("lane{}", i), {})) return "cannot ask";
    }
  }
  int64_t steps = static_cast<int64_t>(1 + random_.below(random_.once_in(3) ? 2000 : 120));
  if (life == 0 && first_cut_ > 0) steps = first_cut_;
  if (life > 0 && first_cut_ > 0) steps = INT64_MAX;
  Power power(steps);
  CutState state(kept, power, random_.next());
  SimSource source(world_, power, random_.next());
  std::vector<std::unique_ptr<Transform>> transforms;
  transforms.push_back(std::make_unique<DropSome>());
  bool all_there = true;
  std::vector<LaneSetup> lanes = choose_lanes(life, kept, power, all_there);
  SimReading own_reading(world_, power, random_.next());
  PipelineOptions options{.batches = 2 + random_.below(5),
                          .pauses = {std::chrono::microseconds(1), std::chrono::microseconds(20)},
                          .own_reading = &own_reading,
                          .look = std::chrono::microseconds(100)};
  Pipeline pipeline(source, std::move(transforms), std::move(lanes), &state, options);
  bool stopped_here = false;
  // A history that is to die at a given step must not be stopped before it.
  if (first_cut_ == 0 && random_.once_in(6)) {
    source.at_read_number = static_cast<int>(1 + random_.below(40));
    source.at_read = [&] {
      stopped_here = true;
      pipeline.stop();
    };
  }
  auto result = pipeline.run(from);
  left_ += pipeline.status().left;
  if (!power.on()) {
    was_cut_ = true;
    return {};
  }
  if (!result) return "ended with: " + result.error().what;
  done = !stopped_here && all_there;
  return {};
}

std::string History::check() {
  std::string expected;
  for (const std::string& line : world_.lines()) expected += line + "\n";
  for (size_t i = 0; i < plans_.size(); ++i) {
    LanePlan::Kind kind = plans_[i].kind;
    std::string wrong;
    if (kind == LanePlan::Queue || kind == LanePlan::Exact) {
      wrong = targets_[i]->check(world_);
    } else if (kind == LanePlan::Particular) {
      wrong = particular_[i]->check(world_);
    } else if (kind == LanePlan::Files) {
      wrong = check_files(folder(i), world_);
    } else if (all_lines(folder_.path(), std::to_string(i), kind == LanePlan::ZstdFile) != expected) {
      wrong = "its files do not hold each line once and in order";
    } else if (kind == LanePlan::ZstdFile && !test::unzip(test::read_file(file(i))).whole) {
      wrong = "its file ends inside a zstd frame though the sink was closed";
    }
    if (!wrong.empty()) {
      return fmt::format("lane {} (kind {}, {} bytes of spill): {}", i, static_cast<int>(kind),
                         plans_[i].spill, wrong);
    }
  }
  for (const auto& guest : guests_) {
    if (std::string wrong = guest->check_part(world_); !wrong.empty()) return "a guest: " + wrong;
  }
  std::unique_ptr<State> disk;
  if (sqlite_) disk = open_sqlite_state(folder_ / "state").value();
  State& kept = disk ? *disk : memory_;
  size_t end = world_.log().size();
  if (kept.resume().value() != world_.position(end)) return "the source's saved place is not the end";
  for (size_t i = 0; i < plans_.size(); ++i) {
    auto lane = kept.lane(fmt::format("lane{}", i)).value();
    if (!lane || lane->position != world_.position(end)) return fmt::format("lane {} is not at the end", i);
  }
  return {};
}

class Histories : public testing::Test {
 protected:
  // Their troubles are thousands.
  void SetUp() override { ASSERT_TRUE(log::to_file("/dev/null")); }
  void TearDown() override { ASSERT_TRUE(log::to_file("/dev/stderr")); }
};

TEST_F(Histories, LoseNothingKeepTheOrderAndRepeatOnlyWhatWasInHand) {
  uint64_t count = number_from("SLUICE_HISTORIES", kHistories);
  uint64_t first = number_from("SLUICE_SEED", static_cast<uint64_t>(unix_us()));
  if (std::getenv("SLUICE_SEED") && !std::getenv("SLUICE_HISTORIES")) count = 1;
  std::atomic<uint64_t> next = first, cut = 0, left = 0;
  std::atomic<bool> failed = false;
  // They wait for one another more than they work.
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (uint64_t seed; !failed && (seed = next++) < first + count;) {
        History history(seed, 0);
        std::string wrong = history.live();
        EXPECT_EQ(wrong, "") << "replay with SLUICE_SEED=" << seed;
        if (!wrong.empty()) failed = true;
        cut += history.was_cut();
        left += history.left();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  // A simulation in which nobody dies or is left behind shows nothing.
  if (count < 100 || failed) return;
  EXPECT_GT(cut, count / 2) << "first seed " << first;
  EXPECT_GT(left, count / 20) << "first seed " << first;
}

// The same history dies at its first step, its second, and so on until it gets through alive.
TEST_F(Histories, SurviveDeathAtEveryStep) {
  uint64_t first = number_from("SLUICE_SEED", static_cast<uint64_t>(unix_us()));
  int64_t deaths = 0;
  for (uint64_t seed = first; seed < first + 3; ++seed) {
    int64_t cut = 1;
    for (bool died = true; died && cut < 3000; ++cut, ++deaths) {
      History history(seed, cut);
      std::string wrong = history.live();
      ASSERT_EQ(wrong, "") << "replay with SLUICE_SEED=" << seed << ", death at step " << cut;
      died = history.was_cut();
    }
  }
  EXPECT_GT(deaths, 20) << "first seed " << first;
}

}  // namespace
}  // namespace sluice::simulate
