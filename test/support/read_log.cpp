#include "support/read_log.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "base/check.h"
#include "base/file_part.h"
#include "format/encoder.h"
#include "wire/mysql/ddl.h"
#include "wire/mysql/decoder.h"
#include "wire/mysql/event.h"

namespace sluice {
extern const FormatType json_format;
}

namespace sluice::test {
namespace {

class Reader {
 public:
  explicit Reader(const ReadOptions& options)
      : options_(options), selection_(std::move(*Selection::parse(std::vector<std::string>{"!mysql.*"}))) {
    Settings settings(json_format.options);
    CHECK(settings.set("with", options.with, "test").has_value());
    encoder_ = std::move(*json_format.make(settings));
  }

  ReadResult read(const std::vector<LogFile>& files) {
    apply_schema();
    mysql::DecoderOptions options;
    options.batch_bytes = options_.batch_bytes;
    options.verify_checksums = options_.verify_checksums;
    options.query = options_.query;
    options.whole_events = options_.whole_events;
    options.live = options_.live;
    options.skip_unknown = options_.skip_unknown;
    options.skip_lost = options_.skip_lost;
    options.whole = options_.whole;
    options.spool_folder = options_.spool_folder;
    mysql::Decoder decoder(catalogue_, selection_, nullptr, options);
    Position start;
    start.file = files.front().name;
    start.offset = 4;
    decoder.settle(start);
    decoder.start(start);
    for (const LogFile& file : files) {
      decoder.set_file(file.name);
      for (std::string_view event : events_of(file.bytes)) {
        if (!take(decoder, event)) return std::move(result_);
      }
    }
    hand_over(decoder, true);
    result_.skipped_events = decoder.skipped_events();
    return std::move(result_);
  }

 private:
  void apply_schema() {
    mysql::DdlContext context;
    for (size_t at = 0; at < options_.schema.size();) {
      size_t end = options_.schema.find(";\n", at);
      if (end == std::string::npos) end = options_.schema.size();
      std::string statement = options_.schema.substr(at, end - at);
      at = end + 2;
      if (statement.find_first_not_of(" \n") == std::string::npos) continue;
      if (statement.starts_with("use ")) {
        context.database = statement.substr(4);
        continue;
      }
      auto outcome = mysql::apply_ddl(statement, context, catalogue_);
      CHECK(outcome.understood);
    }
  }

  bool take(mysql::Decoder& decoder, std::string_view event) {
    std::optional<FilePart> stored;
    if (options_.stored && !mysql::Decoder::needs_arena(event)) {
      CHECK(scratch_.begin("").has_value() && scratch_.append("before").has_value());
      uint64_t begin = scratch_.size();
      CHECK(scratch_.append(event).has_value());
      stored = scratch_.from(begin);
      event = event.substr(0, mysql::kHeaderBytes);
    }
    while (true) {
      size_t before = batch_.changes.size();
      Result<bool> taken = decoder.take(batch_.arena.copy(event), batch_, stored ? &*stored : nullptr);
      if (!taken) {
        result_.error = taken.error().what;
        // What stands before the fault is as good as ever.
        batch_.changes.resize(std::min(before, batch_.changes.size()));
        hand_over(decoder, true);
        return false;
      }
      if (!*taken) {
        hand_over(decoder, false);
        continue;
      }
      if (options_.each_event) hand_over(decoder, false);
      return true;
    }
  }

  void hand_over(mysql::Decoder& decoder, bool end) {
    decoder.finish(batch_, end);
    for (const Change& change : batch_.changes) {
      if (options_.each) options_.each(batch_, change);
      Outbox line;
      encoder_->encode(batch_, {&change, 1}, line);
      if (options_.keep_lines) result_.lines.emplace_back(line.bytes.view());
      result_.changes.push_back(
          {std::string(batch_.transactions[change.transaction].id), change.index, change.last});
    }
    result_.most_held = std::max(result_.most_held, batch_.arena.held());
    batch_.reset();
  }

  const ReadOptions& options_;
  Catalogue catalogue_;
  Selection selection_;
  std::unique_ptr<Encoder> encoder_;
  Batch batch_;
  ScratchFile scratch_;
  ReadResult result_;
};

}  // namespace

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<LogFile> log_files(const std::string& folder) {
  std::vector<LogFile> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::string extension = entry.path().extension();
    if (extension.size() > 1 && std::all_of(extension.begin() + 1, extension.end(), ::isdigit)) {
      files.push_back({entry.path().filename(), read_file(entry.path())});
    }
  }
  std::sort(files.begin(), files.end(), [](const LogFile& a, const LogFile& b) { return a.name < b.name; });
  return files;
}

std::vector<std::string_view> events_of(std::string_view file) {
  std::vector<std::string_view> events;
  for (size_t at = 4; at < file.size();) {
    size_t size = file.size() - at;
    if (size >= mysql::kHeaderBytes)
      size = std::min<size_t>(size, std::max<size_t>(mysql::read_header(file.substr(at)).size, 19));
    events.push_back(file.substr(at, size));
    at += size;
  }
  return events;
}

ReadResult read_log(const std::vector<LogFile>& files, const ReadOptions& options) {
  return Reader(options).read(files);
}

}  // namespace sluice::test
