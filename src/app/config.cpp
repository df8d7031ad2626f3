#include "app/config.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "app/connection.h"
#include "app/fit.h"
#include "app/masking.h"
#include "app/place_clash.h"
#include "app/registry.h"
#include "app/routing.h"
#include "app/yaml_section.h"
#include "model/selection.h"
#include "net/http_server.h"

namespace sluice::app {
namespace {

constexpr Option kPipeline[] = {
    {"name", OptionKind::Text, "sluice", "the pipeline's name in logs, status and messages"},
    {"state",
     OptionKind::Text,
     "./sluice-state",
     "the folder for position, table catalogue and control socket",
     {},
     false,
     "FOLDER"},
    {"tables",
     OptionKind::List,
     "",
     "which tables are wanted: database.table with * and ?, ! before what is not wanted, /regular "
     "expression/; the last "
     "pattern that fits decides; none: all tables",
     {},
     false,
     "PATTERN,..."},
    {"where",
     OptionKind::Text,
     "",
     "which rows' changes are wanted: those of which the condition is true (docs/rules.md); none: all",
     {},
     false,
     "CONDITION"},
    {"ddl", OptionKind::Boolean, "true",
     "deliver schema changes as well, to every sink whose format has them"},
    {"helper_tables", OptionKind::Boolean, "false",
     "deliver the changes of the tables that gh-ost and pt-online-schema-change make beside the one they "
     "change, "
     "too"},
    {"set_aside", OptionKind::Size, "256MB",
     "changes of tables whose columns cannot be known wait in the state folder, up to so much, until they "
     "are told; 0: "
     "such a change ends the pipeline"},
    {"metrics",
     OptionKind::Text,
     "",
     "where to listen for Prometheus (/metrics) and whoever watches over the process (/health); none: "
     "nowhere",
     {},
     false,
     "HOST:PORT"},
    {"metrics_token", OptionKind::Secret, "",
     "what a request for metrics must carry (Authorization: Bearer); addresses beyond this machine want one"},
};

constexpr Option kMemory[] = {
    {"batches",
     OptionKind::Integer,
     "6",
     "batches in the pool; with none free reading waits, so they bound the memory",
     {},
     false,
     {},
     2,
     1024},
    {"batch_bytes",
     OptionKind::Size,
     "256KiB",
     "bytes of the log after which a batch is full",
     {},
     false,
     {},
     4096,
     64 << 20},
};

constexpr SectionType kSections[] = {
    {"source", "where the changes come from"},
    {"sinks", "where the changes go to: a section for each, under a name of your choice"},
    {"memory", "how much may be held in memory"},
    {"masks", "whose values nobody is to see, and what stands in their place (docs/masks.md)"},
};

std::span<const Option> lane_table() {
  static const Option table[] = {
      {"sink", OptionKind::Choice, "", "what kind of target it is", sink_names(), true},
      {"format", OptionKind::Choice, "json", "how a change is written", format_names()},
      {"encode_threads",
       OptionKind::Integer,
       "",
       "threads that write changes out in their format, the reading one among them while it waits; order is "
       "kept; none: 2 for a sink that is alone, else 1",
       {},
       false,
       {},
       1,
       64},
      {"on_refusal", OptionKind::Choice, "stop",
       "what becomes of a change that the target will never take, as one too large for it: stop; park it "
       "with the later changes of its row until somebody has it tried again; or drop it with a count",
       "stop|park|drop"},
      {"park", OptionKind::Size, "256MB",
       "how much may be parked in the state folder; the sink waits while there is more"},
      {"when_slow", OptionKind::Choice, "hold",
       "what happens while the target is slower than the source, or away: hold the source; spill what is "
       "read into the state folder and let the source go on; or leave the sink behind, which then reads the "
       "log by itself until it has reached the others",
       "hold|spill|leave"},
      {"spill",
       OptionKind::Size,
       "10GB",
       "with when_slow: spill, how much may wait on the disk; then the source is held",
       {},
       false,
       {},
       1 << 20},
      {"leave_after",
       OptionKind::Duration,
       "30s",
       "with when_slow: leave, how long the source may be held first",
       {},
       false,
       {},
       1},
  };
  return table;
}

class Reader {
 public:
  Reader(std::string_view text, const std::string& path) : document_(text, path), config_(path) {}

  ConfigReading read() {
    if (document_.root()) read_root(*document_.root());
    ConfigReading reading;
    reading.mistakes = document_.mistakes();
    if (reading.mistakes.empty()) reading.config = std::move(config_);
    return reading;
  }

 private:
  template <class T>
  void note(const Result<T>& result, const std::string& where) {
    if (result) return;
    // A part knows what is wrong, not always where it was written.
    bool placed = result.error().what.starts_with(config_.path + ":");
    document_.mistake(placed ? result.error() : while_doing(where, result.error()).value());
  }

  void read_root(const YamlSection& root) {
    std::vector<std::string> names;
    for (const SectionType& section : kSections) names.emplace_back(section.name);
    root.read({&config_.pipeline}, names);
    auto tables = table_patterns(config_.pipeline);
    note(tables, root.where());
    if (tables) note(Selection::parse(*tables), config_.pipeline.where("tables"));
    note(condition_of(config_.pipeline), root.where());
    auto filters = check_pipeline_filters(config_.pipeline);
    // What is wrong with them is said once, not once for each sink.
    if (filters) shared_filters_ = config_.pipeline;
    note(filters, root.where());
    note(check_metrics(), config_.pipeline.where("metrics"));
    if (auto source = root.section("source", true)) read_source(*source);
    if (auto memory = root.section("memory", false)) memory->read({&config_.memory});
    if (auto masks = root.section("masks", false)) config_.masks = read_masks(*masks, document_);
    auto all = root.section("sinks", true);
    if (!all) return;
    auto lanes = all->sections("a sink");
    if (lanes.empty())
      document_.mistake(usage("{}: sinks: expected at least one sink", all->where()).value());
    for (auto& [name, section] : lanes) read_lane(name, section);
  }

  Result<void> check_metrics() const {
    std::string text = config_.pipeline.text("metrics");
    if (text.empty()) return {};
    SLUICE_ASSIGN(address, ListenAddress::parse(text));
    if (address.is_loopback() || !config_.pipeline.secret("metrics_token").empty()) return {};
    return usage("metrics: {} can be reached from other machines; say metrics_token, or listen at 127.0.0.1",
                 text);
  }

  void read_source(const YamlSection& section) {
    size_t before = document_.mistake_count();
    section.read({&config_.source});
    if (document_.mistake_count() == before) note(check_source(config_.source), section.where());
  }

  void read_lane(const std::string& name, const YamlSection& section) {
    size_t before = document_.mistake_count();
    LaneConfig lane{.name = name,
                    .where = section.where(),
                    .own = Settings(lane_table()),
                    .sink_settings = Settings({}),
                    .format_settings = Settings({}),
                    .view = Settings(view_options()),
                    .address = Settings({})};
    lane.sink = find_sink(section.text("sink").value_or(""));
    bool own_messages = lane.sink && lane.sink->encoder;
    if (!own_messages) lane.format = find_format(section.text("format").value_or(lane.own.text("format")));
    std::vector<Settings*> targets = {&lane.own, &lane.view};
    std::vector<std::string> parts;
    if (lane.sink) {
      lane.sink_settings = Settings(lane.sink->options);
      targets.push_back(&lane.sink_settings);
      if (lane.sink->addressing) {
        if (lane.sink->addressing->places == Places::Keys) lane.address = Settings(address_options());
        targets.push_back(&lane.address);
        parts.emplace_back("routes");
      }
    }
    if (lane.format) {
      lane.format_settings = Settings(lane.format->options);
      targets.push_back(&lane.format_settings);
    }
    section.read(targets, parts, !lane.sink || (!lane.format && !own_messages));
    if (own_messages) note(check_own_messages(lane), lane.where);
    if (!parts.empty()) read_rules(section, lane);
    if (document_.mistake_count() != before) return;
    note(check_slow(lane.own), lane.where);
    note(check_rows(lane), lane.where);
    note(view_setup(shared_filters_, lane.view, lane.address), lane.where);
    bool routed = false;
    if (lane.sink->addressing) {
      note(check_partitions(lane), lane.where);
      auto route = route_setup(*lane.sink->addressing, lane.sink_settings, lane.address, lane.rules);
      note(route, lane.where);
      routed = route && *route;
    }
    note(claim_places(lane), lane.where);
    note(make_sink(*lane.sink, lane.sink_settings, lane.format_settings, routed), lane.where);
    auto encoder = make_encoder(*lane.sink, lane.sink_settings, lane.format, lane.format_settings);
    note(encoder, lane.where);
    if (encoder) {
      note(check_fit(*lane.sink, lane.sink_settings, lane.format, lane.format_settings, **encoder),
           lane.where);
    }
    config_.lanes.push_back(std::move(lane));
  }

  static Result<void> check_own_messages(const LaneConfig& lane) {
    if (!lane.own.given("format")) return {};
    return usage("{}: the sink {} has messages of its own; leave 'format' out", lane.own.where("format"),
                 lane.sink->name);
  }

  // They would be believed without the policy that they belong to.
  static Result<void> check_slow(const Settings& own) {
    for (auto [option, policy] : {std::pair("spill", "spill"), std::pair("leave_after", "leave")}) {
      if (!own.given(option) || own.text("when_slow") == policy) continue;
      return usage("{}: {} belongs to when_slow: {}; say that, too, or leave it out", own.where(option),
                   option, policy);
    }
    return {};
  }

  static Result<void> check_rows(const LaneConfig& lane) {
    bool spills = lane.own.text("when_slow") == "spill";
    if (!spills || !lane.sink->wants_rows(lane.sink_settings)) return {};
    return usage("{}: when_slow: no rows go through a spill, which {} asks for; use hold or leave",
                 lane.own.where("when_slow"), lane.sink->rows_option);
  }

  static Result<void> check_partitions(const LaneConfig& lane) {
    if (lane.sink->addressing->places != Places::Keys || lane.sink->addressing->partitions) return {};
    auto check = [&](const Settings& settings, std::string_view option) -> Result<void> {
      if (!has_option(settings, option) || !settings.given(option)) return {};
      return usage("{}: {}: the sink {} has no partitions; leave it out", settings.where(option), option,
                   lane.sink->name);
    };
    for (std::string_view option : {"partition_by", "partition_hash", "canal_partition_hash"}) {
      SLUICE_TRY(check(lane.address, option));
      for (const Settings& rule : lane.rules) SLUICE_TRY(check(rule, option));
    }
    return {};
  }

  // Two sinks that write one file would tear each other's lines apart.
  Result<void> claim_places(const LaneConfig& lane) {
    Result<void> result;
    if (lane.sink->on_screen && std::exchange(on_screen_, true))
      return usage("{}: another sink writes to stdout, too; only one can", lane.where);
    if (const Addressing* addressing = lane.sink->addressing; addressing && addressing->exclusive) {
      std::string_view ending = addressing->ending ? addressing->ending(lane.sink_settings) : "";
      auto claim_file = [&](const Settings& settings, std::string_view option) {
        if (!result || !settings.given(option)) return;
        std::string path = settings.text(option);
        if (!path.ends_with(ending)) path += ending;
        result = claim(lane, {option, std::move(path), true}, settings);
      };
      claim_file(lane.sink_settings, addressing->option);
      for (const Settings& rule : lane.rules) claim_file(rule, "to");
    }
    if (!result || !lane.sink->possession) return result;
    Possession own = lane.sink->possession(lane.sink_settings);
    return lane.sink_settings.given(own.option) ? claim(lane, std::move(own), lane.sink_settings) : result;
  }

  Result<void> claim(const LaneConfig& lane, Possession own, const Settings& settings) {
    Claim mine{own.file ? nullptr : lane.sink, lane.name, own.text, settings.where(own.option), {}};
    if (own.file) mine.pattern = place_pattern(own.text);
    std::string state = config_.pipeline.text("state") + "/state.db";
    if (own.file && mine.pattern == place_pattern(state))
      return usage("{}: '{}' is the file of the state; name another", mine.where, mine.text);
    auto found = std::find_if(claims_.begin(), claims_.end(), [&](const Claim& each) {
      if (each.sink != mine.sink || each.lane == mine.lane) return false;
      return own.file ? is_one_file(each.pattern, each.text, mine.pattern, mine.text)
                      : each.text == mine.text;
    });
    std::optional<Claim> other;
    if (found != claims_.end()) other = *found;
    claims_.push_back(mine);
    if (!other) return {};
    if (!own.file) {
      return usage("{}: {}: the sink '{}' has '{}', too ({}); each needs its own", mine.where, own.option,
                   other->lane, mine.text, other->where);
    }
    return usage(
        "{}: '{}' may name a file that the sink '{}' writes, too ({}: '{}'); two sinks need two files: "
        "give each a folder of its own",
        mine.where, mine.text, other->lane, other->where, other->text);
  }

  void read_rules(const YamlSection& section, LaneConfig& lane) {
    auto routes = section.section("routes", false);
    if (!routes) return;
    for (auto& [name, rule] : routes->sections("a rule")) {
      lane.rules.emplace_back(rule_options(lane.sink->addressing->places));
      rule.read({&lane.rules.back()});
    }
  }

  YamlDocument document_;
  Config config_;
  Settings shared_filters_{pipeline_options()};  // of every sink
  // What a sink must have for itself alone.
  struct Claim {
    const SinkType* sink;  // null: it is a file
    std::string lane, text, where, pattern;
  };
  std::vector<Claim> claims_;
  bool on_screen_ = false;  // a sink has stdout
};

}  // namespace

Config::Config(std::string path_given)
    : path(std::move(path_given)), pipeline(pipeline_options()), source(source_options()), memory(kMemory) {}

std::span<const Option> pipeline_options() {
  static const std::vector<Option> table = [] {
    std::vector<Option> all(std::begin(kPipeline), std::end(kPipeline));
    auto filters = pipeline_filter_options();
    auto tables =
        std::find_if(all.begin(), all.end(), [](const Option& each) { return each.name == "tables"; });
    all.insert(tables + 1, filters.begin(), filters.end());
    return all;
  }();
  return table;
}
std::span<const Option> memory_options() { return kMemory; }
std::span<const Option> lane_options() { return lane_table(); }
std::span<const SectionType> sections() { return kSections; }

ConfigReading read_config(std::string_view text, const std::string& path) {
  return Reader(text, path).read();
}

Result<std::string> read_file(const std::string& path) {
  std::string text;
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  char part[8192];
  ssize_t n = fd < 0 ? -1 : 0;
  while (fd >= 0 && (n = ::read(fd, part, sizeof part)) > 0) text.append(part, static_cast<size_t>(n));
  int reason = errno;
  if (fd >= 0) ::close(fd);
  if (n == 0) return text;
  return usage("cannot read {}: {}", path, std::strerror(reason));
}

Result<Config> load_config(const std::string& path) {
  auto text = read_file(path);
  if (!text) {
    return usage("{}{}", text.error().what,
                 ::access(path.c_str(), F_OK) == 0 ? "" : "; 'sluice init' writes a sample");
  }
  size_t slash = path.rfind('/');
  if (slash != path.npos && slash > 0 && ::chdir(path.substr(0, slash).c_str()) != 0) {
    return fatal("cannot enter the folder of {}: {}", path, std::strerror(errno));
  }
  ConfigReading reading = read_config(*text, path);
  if (!reading.config) {
    std::string all;
    for (const std::string& mistake : reading.mistakes) all += (all.empty() ? "" : "\n") + mistake;
    return usage("{}", all);
  }
  return std::move(*reading.config);
}

}  // namespace sluice::app
