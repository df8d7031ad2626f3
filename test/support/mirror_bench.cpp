// Benches of mirrors: lines become rows of one column, appended to a table.
#include "support/mirror_bench.h"

#include "base/check.h"
#include "client/sqlite/database.h"
#include "mirror/record.h"
#include "mirror/shape.h"
#include "sink/sqlite/spelling.h"
#include "sink/sqlite/sqlite_sink.h"
#include "support/folder.h"

namespace sluice::test {
namespace {

std::unique_ptr<Sink> make_sqlite(const std::string& path) {
  Settings settings(sqlite_sink.options);
  CHECK(settings.set("path", {path}, "test"));
  auto made = sqlite_sink.make(settings);
  CHECK(made);
  return std::move(*made);
}

// Makes records of the lines, each from a place of its own in the log.
class OfLines final : public Sink {
 public:
  OfLines(std::unique_ptr<Sink> inner, uint64_t& place) : inner_(std::move(inner)), place_(place) {}

  Result<void> open(std::string_view saved) override { return inner_->open(saved); }
  Result<void> reopen() override { return inner_->reopen(); }
  Result<void> write(const Delivery& lines) override {
    Batch batch;
    batch.sequence = lines.batch.sequence;
    batch.transactions.push_back({.id = "tx"});
    Outbox out(Places::Names, true);
    uint32_t destination = out.find_destination("lines");
    for (uint32_t i = 0; i < lines.messages.size(); ++i) {
      batch.events.push_back({.file = "log.1", .offset = ++place_});
      batch.changes.push_back({.index = i, .event = i});
      out.begin(i);
      mirror::end_key(out.bytes, mirror::begin_record(out.bytes, mirror::Act::Append));
      std::string_view line = lines.value(i);
      auto size = static_cast<uint32_t>(line.size());
      out.bytes.push(static_cast<char>(sqlite::Tag::Blob));
      out.bytes.append({reinterpret_cast<const char*>(&size), sizeof size});
      out.bytes.append(line);
      out.end_message();
      out.addresses.back().destination = destination;
    }
    mirror::Shape shape{.columns = {{"line", "BLOB"}}, .key = {}};
    size_t begin = out.words.size();
    mirror::append_shape(out.words, shape);
    if (!out.messages.empty()) {
      out.headings.push_back({0, begin, static_cast<uint32_t>(out.words.size() - begin)});
    }
    return inner_->write({batch, out.messages, out.bytes.view(), lines.whole, nullptr, &out, out.headings,
                          out.words.view(), true});
  }
  Result<void> tick() override { return inner_->tick(); }
  std::string note() const override { return inner_->note(); }
  void close() override { inner_->close(); }
  void interrupt() noexcept override { inner_->interrupt(); }

 private:
  std::unique_ptr<Sink> inner_;
  uint64_t& place_;
};

class SqliteBench final : public SinkBench {
 public:
  std::unique_ptr<Sink> sink() override {
    return std::make_unique<OfLines>(make_sqlite(folder_ / "mirror.db"), place_);
  }
  std::string delivered() override {
    auto database = sqlite::Database::open_to_read(folder_ / "mirror.db");
    CHECK(database);
    auto rows = (*database)->prepare("SELECT line FROM lines ORDER BY rowid");
    if (!rows) return "";
    std::string text;
    while (rows->step().value()) text.append(rows->text(0)).push_back('\n');
    return text;
  }

 private:
  TemporaryFolder folder_;
  uint64_t place_ = 0;
};

}  // namespace

std::unique_ptr<SinkBench> make_sqlite_bench() { return std::make_unique<SqliteBench>(); }

}  // namespace sluice::test
