// What no server writes: payloads without compression, of many batches, and such as lie about themselves.
#include "wire/mysql/payload.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include "support/log_builder.h"
#include "support/read_log.h"

namespace sluice::mysql {
namespace {

using test::LogBuilder;
using test::number;
using test::ReadOptions;
using test::ReadResult;

std::string compressed(std::string_view plain) {
  std::string out(ZSTD_compressBound(plain.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), 3));
  return out;
}

std::string field(uint64_t type, uint64_t value) {
  std::string spelt = '\xfe' + number(value, 8);
  return number(type, 1) + number(spelt.size(), 1) + spelt;
}

struct Claims {
  uint64_t compression = 0;
  int64_t size = 0, plain_size = 0;  // added to what is true
  bool plain_size_there = true;
};

std::string payload(std::string_view plain, std::string_view packed, Claims claims = {}) {
  std::string body = field(2, claims.compression);
  if (claims.plain_size_there) body += field(3, plain.size() + static_cast<uint64_t>(claims.plain_size));
  body += field(9, 1);  // of a later server
  body += field(1, packed.size() + static_cast<uint64_t>(claims.size)) + std::string(1, '\0');
  return body + std::string(packed);
}

// Events as a transaction's cache has them: of one that inserts `rows` rows into shop.t, its XID behind them.
std::string events(size_t rows, size_t rows_in_event = 1) {
  LogBuilder log;
  size_t begin = log.file().size();
  log.begin().map();
  for (size_t i = 0; i < rows;) {
    std::string images;
    for (size_t k = 0; k < rows_in_event; ++k, ++i) images += LogBuilder::row(static_cast<uint32_t>(i), 7);
    log.map().insert(images);
  }
  return log.commit().file().substr(begin);
}

ReadResult read(const std::string& body, ReadOptions options = {}) {
  LogBuilder log;
  log.gtid(1).add(EventType::TransactionPayload, body);
  log.gtid(2).begin().map().insert(LogBuilder::row(99, 99)).commit();
  ReadResult held = test::read_log({{"binlog.000001", log.file()}}, options);
  options.stored = true;
  ReadResult stored = test::read_log({{"binlog.000001", log.file()}}, options);
  EXPECT_EQ(stored.error, held.error);
  EXPECT_EQ(stored.lines, held.lines);
  EXPECT_EQ(stored.changes, held.changes);
  return stored;
}

TEST(Payload, CompressedOrNotHoweverItIsCut) {
  for (size_t rows_in_event : {1, 50}) {
    std::string plain = events(200, rows_in_event);
    for (const std::string& body :
         {payload(plain, compressed(plain)), payload(plain, plain, {.compression = 255})}) {
      for (size_t batch_bytes : {size_t{1}, size_t{1000}, size_t{1} << 20}) {
        ReadOptions options;
        options.batch_bytes = batch_bytes;
        ReadResult result = read(body, options);
        ASSERT_EQ(result.error, "");
        ASSERT_EQ(result.changes.size(), 201u);
        for (size_t i = 0; i < 200; ++i) {
          ASSERT_EQ(result.changes[i].index, i);
          ASSERT_EQ(result.changes[i].last, i == 199);
          ASSERT_NE(result.lines[i].find(fmt::format("\"after\":{{\"a\":{},\"b\":7}}", i)), std::string::npos)
              << result.lines[i];
          // Its position is that of the event that holds it.
          ASSERT_NE(result.lines[i].find("\"pos\":169,"), std::string::npos) << result.lines[i];
        }
      }
    }
  }
}

TEST(Payload, MillionsOfRowsTakeTheMemoryOfABatch) {
  std::string plain = events(2'000'000, 500);
  ReadOptions options;
  options.batch_bytes = 64 << 10;
  options.keep_lines = false;
  ReadResult result = read(payload(plain, compressed(plain)), options);
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.changes.size(), 2'000'001u);
  EXPECT_LT(result.most_held, size_t{8} << 20);
}

TEST(Payload, LiesAreFaults) {
  std::string plain = events(3), packed = compressed(plain);
  std::string huge = plain, tiny = plain, nested = plain;
  huge.replace(9, 4, number(0x3fffffff, 4));
  tiny.replace(9, 4, number(18, 4));
  nested[4] = static_cast<char>(EventType::TransactionPayload);
  struct Lie {
    const char* what;
    std::string body;
    const char* error;
  };
  const Lie lies[] = {
      {"nothing", "", "cut short in its header"},
      {"header", payload(plain, packed).substr(0, 15), "cut short in its header"},
      {"size", payload(plain, packed, {.size = 1}), "bytes, but there are"},
      {"compression", payload(plain, packed, {.compression = 1}), "not known (1)"},
      {"no plain size", payload(plain, packed, {.plain_size_there = false}), "does not say how large"},
      {"more", payload(plain, packed, {.plain_size = 1}), "ends inside an event's header"},
      {"much more", payload(plain, packed, {.plain_size = 100}), "is smaller than it says"},
      {"less", payload(plain, packed, {.plain_size = -5}), "are left"},
      {"none", payload(plain, plain, {.compression = 255, .plain_size = 5}), "is not compressed, but said"},
      {"cut", payload(plain, packed.substr(0, packed.size() - 3)), "smaller than it says"},
      {"behind", payload(plain, packed + packed), "larger than it says"},
      {"rubbish", payload(plain, "rubbish, rubbish"), "zstd cannot read it"},
      {"huge event", payload(huge, compressed(huge), {.plain_size = 0x40000000}), "smaller than it says"},
      {"long event", payload(huge, compressed(huge)), "are left"},
      {"tiny event", payload(tiny, compressed(tiny)), "an event in it says it is 18 bytes long"},
      {"nested", payload(nested, compressed(nested)), "has no place there"},
      {"two", payload(plain + plain, compressed(plain + plain)), "behind the end of its transaction"},
  };
  for (const Lie& lie : lies) {
    ReadResult result = read(lie.body);
    EXPECT_NE(result.error.find(lie.error), std::string::npos) << lie.what << ": " << result.error;
    EXPECT_NE(result.error.find("TRANSACTION_PAYLOAD event at binlog.000001:169"), std::string::npos)
        << lie.what << ": " << result.error;
  }
}

// Of one in a file too, nothing comes out before its last byte was verified.
TEST(Payload, DamageIsFoundBeforeAnythingComesOut) {
  test::LogFile log = test::log_files(SLUICE_TEST_DIR "/cases/binlog/mysql-9.7-payload").front();
  size_t payloads = 0;
  for (std::string_view event : test::events_of(log.bytes)) {
    if (read_header(event).type != EventType::TransactionPayload || ++payloads > 3) continue;
    auto begin = static_cast<size_t>(event.data() - log.bytes.data());
    for (size_t at : {kHeaderBytes + 30, event.size() / 2, event.size() - 5, event.size() - 1}) {
      std::string damaged = log.bytes;
      damaged[begin + at] ^= 1;
      for (bool stored : {false, true}) {
        ReadOptions options;
        options.stored = stored;
        ReadResult before = test::read_log({{log.name, log.bytes.substr(0, begin)}}, options);
        ReadResult result = test::read_log({{log.name, damaged}}, options);
        EXPECT_NE(result.error.find("is damaged: its checksum does not fit"), std::string::npos)
            << at << ": " << result.error;
        EXPECT_EQ(result.lines, before.lines) << at;
      }
    }
  }
  EXPECT_GT(payloads, 3u);
}

TEST(Payload, CutAtAnyByteIsAFault) {
  std::string plain = events(2);
  std::string whole = payload(plain, compressed(plain));
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(read(whole.substr(0, size)).error, "") << size << " of " << whole.size();
}

}  // namespace
}  // namespace sluice::mysql
