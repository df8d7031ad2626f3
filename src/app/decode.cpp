#include <sched.h>
#include <unistd.h>

#include <string>

#include "app/bounded_source.h"
#include "app/config.h"
#include "app/connection.h"
#include "app/engine.h"
#include "app/known_tables.h"
#include "app/output.h"
#include "app/progress_bar.h"
#include "app/reading.h"
#include "app/routing.h"
#include "app/signals.h"
#include "app/terminal.h"
#include "app/verbs.h"
#include "base/log.h"
#include "source/binlog_file/binlog_file_source.h"
#include "source/mysql/log_policy.h"
#include "transform/filter/filter.h"

namespace sluice::app {
namespace {

constexpr Option kReading[] = {
    {"from",
     OptionKind::Text,
     "",
     "where to begin: FILE:POS, a GTID set that is behind you, a time in UTC, 2026-01-15T10:30:00; none: at "
     "the first file's start",
     {},
     false,
     "WHERE"},
    {"until",
     OptionKind::Text,
     "",
     "where to end, in the same forms; none: at the last file's end",
     {},
     false,
     "WHERE"},
    reading::kTables,
    reading::kWhere,
    reading::kDdl,
    reading::kHelperTables,
    {"schema",
     OptionKind::List,
     "",
     "files with CREATE TABLE statements (mysqldump --no-data), for column names that the log lacks",
     {},
     false,
     "FILE"},
    {"schema_from",
     OptionKind::Text,
     "",
     "the state folder of a pipeline that has read this log, or a server whose tables are still as they were "
     "then, for the same",
     {},
     false,
     "FOLDER|URL"},
    {"jobs",
     OptionKind::Integer,
     "",
     "threads that write changes out; none given: one for each core this process may use",
     {},
     false,
     {},
     1,
     64},
    kUnknownEvents,
    kTransactions,
    kLostChanges,
    {"verify_checksums", OptionKind::Boolean, "true", "do not compare the checksums of the log's events"},
    {"progress", OptionKind::Boolean, "true", "no progress bar on a terminal"},
};

constexpr OptionGroup kGroups[] = {
    {"Reading", [] { return std::span<const Option>(kReading); }},
    {"Output", output_options},
    {"Server of --schema-from", source_options,
     "url|start|server_id|heartbeat|semi_sync|unknown_events|transactions|lost_changes"},
    {"Memory", memory_options},
};

constexpr Argument kArguments[] = {
    {"FILE", "a binlog file, a folder of them, an index file that lists them, or - for stdin", true, true}};

constexpr Example kExamples[] = {
    {"sluice decode /var/lib/mysql/binlog.000042", "every change in one file"},
    {"sluice decode /var/lib/mysql --tables 'shop.*' --from '2026-01-15 10:00:00'",
     "of a whole folder, in the order of the files"},
    {"mysqlbinlog --raw ... --result-file=- | sluice decode - --format maxwell",
     "from a pipe, as Maxwell writes it"},
    {"sluice decode binlog.000042 --schema shop.sql | jq -r .table | sort | uniq -c",
     "names from a dump; changes by table"},
    {"sluice decode binlog.000042 --schema-from ./sluice-state",
     "names from what a pipeline knows of the tables of that time"},
};

unsigned usable_cores() {
  cpu_set_t set;
  return ::sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<unsigned>(CPU_COUNT(&set)) : 1;
}

Result<StartPoint> point(const Settings& settings, std::string_view option) {
  SLUICE_ASSIGN(where, reading::point(settings, option));
  if (where.kind == StartPoint::Kind::Now)
    return usage("--{}: files know no 'now'; name a place or a time", option);
  return where;
}

void place(const StartPoint& where, Position& position, uint32_t& time) {
  position.file = where.file;
  position.offset = where.kind == StartPoint::Kind::File ? where.offset : 0;
  position.gtids = where.gtids;
  time = static_cast<uint32_t>(where.time);
}

// Of which what is made stays in the processor's cache while it is written.
constexpr size_t kSmallBatchBytes = 32 << 10;

class Decoding {
 public:
  Result<void> prepare(const Invocation& invocation) {
    const Settings& reading = invocation.group("Reading");
    BinlogFileSetup setup;
    setup.paths = invocation.arguments;
    setup.decoder.ddl = reading.boolean("ddl");
    read_log_policy(reading, setup.decoder);
    setup.decoder.helper_tables = reading.boolean("helper_tables");
    setup.decoder.verify_checksums = reading.boolean("verify_checksums");
    std::optional<StartPoint> gtid_end;
    if (reading.given("from")) {
      SLUICE_ASSIGN(from, point(reading, "from"));
      place(from, setup.from, setup.from_time);
    }
    if (reading.given("until")) {
      SLUICE_ASSIGN(until, point(reading, "until"));
      if (until.kind == StartPoint::Kind::Gtids) gtid_end = until;
      if (!gtid_end) place(until, setup.until, setup.until_time);
    }
    SLUICE_ASSIGN(selection, Selection::parse(reading.list("tables")));
    selection_ = std::move(selection);
    some_tables_ = reading.given("tables");
    SLUICE_ASSIGN(where, condition_of(reading));
    SLUICE_TRY(learn_schema(invocation, setup));
    SLUICE_ASSIGN(plan, output_plan(invocation.group("Output")));
    const Settings& memory = invocation.group("Memory");
    setup.decoder.batch_bytes = memory.size("batch_bytes");
    // Messages with their schemas are thirty times as long as their rows in the log.
    if (!memory.given("batch_bytes") && wants_schemas(plan)) setup.decoder.batch_bytes = kSmallBatchBytes;
    plan.encode_threads =
        reading.given("jobs") ? static_cast<unsigned>(reading.integer("jobs")) : usable_cores();
    PipelineOptions options;
    options.batches = memory.integer("batches");
    // One is filled, one is written, and each further thread encodes one: they stay in the processors'
    // caches, more would not. On one core reading and writing take turns.
    if (!memory.given("batches")) options.batches = plan.encode_threads == 1 ? 2 : plan.encode_threads + 2;
    std::vector<LanePlan> plans;
    plans.push_back(std::move(plan));
    setup.decoder.query = wants_query(plans);
    SLUICE_ASSIGN(lanes, make_lanes(std::move(plans), "sluice"));
    setup.decoder.whole_events = wants_whole_events(lanes);
    auto files = make_binlog_file_source(std::move(setup), catalogue_, selection_);
    files_ = files.get();
    source_ = std::move(files);
    if (gtid_end)
      source_ = std::make_unique<BoundedSource>(std::move(source_), BoundedSource::Options{gtid_end});
    std::vector<std::unique_ptr<Transform>> transforms;
    if (where) transforms.push_back(make_filter(std::move(where)));
    pipeline_ =
        std::make_unique<Pipeline>(*source_, std::move(transforms), std::move(lanes), nullptr, options);
    return {};
  }

  Result<void> run(bool show_progress) {
    Signals signals([this] { pipeline_->stop(); });
    // A bar between the lines would be no help.
    bool visible = show_progress && is_terminal(STDERR_FILENO) && !is_terminal(STDOUT_FILENO);
    ProgressBar bar(visible, [this] {
      BinlogFileProgress now = files_->progress();
      return ProgressBar::State{now.bytes, now.total, now.file, pipeline_->status().changes};
    });
    SLUICE_TRY(pipeline_->run({}));
    if (some_tables_ && pipeline_->status().changes == 0)
      log::warning("no change of the tables asked for is in there");
    return {};
  }

 private:
  Result<void> learn_schema(const Invocation& invocation, const BinlogFileSetup& setup) {
    const Settings& reading = invocation.group("Reading");
    for (const std::string& path : reading.list("schema")) SLUICE_TRY(read_schema_file(path, catalogue_));
    if (!reading.given("schema_from")) return {};
    return read_schema_from(reading.text("schema_from"), invocation.group("Server of --schema-from"), setup,
                            catalogue_);
  }

  Catalogue catalogue_;
  Selection selection_;
  bool some_tables_ = false;
  BinlogFileSource* files_ = nullptr;  // within source_
  std::unique_ptr<Source> source_;
  std::unique_ptr<Pipeline> pipeline_;
};

Result<int> run(const Invocation& invocation) {
  Decoding decoding;
  SLUICE_TRY(decoding.prepare(invocation));
  SLUICE_TRY(decoding.run(invocation.group("Reading").boolean("progress")));
  return 0;
}

}  // namespace

const Command decode_command = {"decode",
                                "show the changes in binlog files, without a server",
                                "Several files are read in the order of their numbers. Column names come "
                                "from the log where the server wrote them "
                                "(binlog_row_metadata=FULL), else from --schema or --schema-from, else they "
                                "are @1, @2, ..., with one warning a table.",
                                kArguments,
                                kGroups,
                                kExamples,
                                run};

}  // namespace sluice::app
