// Any bytes as a log: a byte of options, then events as they stand in a file behind its magic. Whatever they
// say, each line that comes out is JSON, a transaction has one last change, and memory stays in proportion.
#include <cstdint>
#include <string>
#include <string_view>

#include "../test/support/well_formed.h"
#include "base/check.h"
#include "base/log.h"
#include "format/encoder.h"
#include "wire/mysql/ddl.h"
#include "wire/mysql/decoder.h"
#include "wire/mysql/event.h"

namespace sluice {
extern const FormatType json_format;
namespace {

constexpr std::string_view kSchema =
    "create table shop.ints (id int primary key, t tinyint unsigned, y year, e enum('x','y'), s set('x','y'),"
    " c char(10) character set utf16, d decimal(65,30), j json, g geometry, b bit(64), v varchar(300), l "
    "longtext)";

enum Flag : uint8_t {
  kOneByteBatches = 1,
  kEachEvent = 2,
  kQuery = 4,
  kDdl = 8,
  kSchemaKnown = 16,
  kChecksums = 32,
  kWhole = 64
};

class Target {
 public:
  explicit Target(uint8_t flags)
      : flags_(flags),
        selection_(std::move(*Selection::parse(std::string_view{}))),
        decoder_(catalogue_, selection_, nullptr, options(flags)) {
    Settings settings(json_format.options);
    CHECK(settings.set("with", {"source", "tx", "query"}, "fuzz").has_value());
    encoder_ = std::move(*json_format.make(settings));
    if (flags & kSchemaKnown) CHECK(mysql::apply_ddl(kSchema, {}, catalogue_).understood);
    Position start;
    start.file = "binlog.000001";
    start.offset = 4;
    decoder_.start(start);
  }

  void read(std::string_view log) {
    while (!log.empty()) {
      size_t size = log.size();
      if (size >= mysql::kHeaderBytes)
        size = std::min<size_t>(size, std::max<size_t>(mysql::read_header(log).size, mysql::kHeaderBytes));
      if (!take(log.substr(0, size))) return;
      log.remove_prefix(size);
    }
    hand_over(true);
  }

 private:
  static mysql::DecoderOptions options(uint8_t flags) {
    mysql::DecoderOptions options;
    if (flags & kOneByteBatches) options.batch_bytes = 1;
    options.verify_checksums = flags & kChecksums;
    options.ddl = flags & kDdl;
    options.query = flags & kQuery;
    options.whole = flags & kWhole;
    return options;
  }

  bool take(std::string_view event) {
    while (true) {
      Result<bool> taken = decoder_.take(batch_.arena.copy(event), batch_);
      if (!taken) {
        CHECK(!taken.error().what.empty());
        return false;
      }
      if (!*taken) CHECK(!batch_.empty());  // else it would be offered for ever
      if (!*taken || flags_ & kEachEvent) hand_over(false);
      if (*taken) return true;
    }
  }

  void hand_over(bool end) {
    decoder_.finish(batch_, end);
    for (const Change& change : batch_.changes) {
      line_.clear();
      encoder_->encode(batch_, {&change, 1}, line_);
      CHECK(test::well_formed(line_.bytes.view()));
    }
    batch_.reset();
  }

  uint8_t flags_;
  Catalogue catalogue_;
  Selection selection_;
  mysql::Decoder decoder_;
  std::unique_ptr<Encoder> encoder_;
  Batch batch_;
  Outbox line_;
};

}  // namespace
}  // namespace sluice

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  // Warnings about what the bytes claim would be most of the work.
  return sluice::log::to_file("/dev/null").has_value() ? 0 : 1;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  sluice::Target target(data[0]);
  target.read({reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
