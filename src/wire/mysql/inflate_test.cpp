#include "wire/mysql/inflate.h"

#include <gtest/gtest.h>
#include <libdeflate.h>

#include <string>

namespace sluice::mysql {
namespace {

std::string zlib(std::string_view plain) {
  libdeflate_compressor* compressor = libdeflate_alloc_compressor(6);
  std::string out(libdeflate_zlib_compress_bound(compressor, plain.size()), '\0');
  out.resize(libdeflate_zlib_compress(compressor, plain.data(), plain.size(), out.data(), out.size()));
  libdeflate_free_compressor(compressor);
  return out;
}

std::string raw_deflate(std::string_view plain) {
  std::string framed = zlib(plain);
  return framed.substr(2, framed.size() - 6);  // without head and checksum
}

std::string record(size_t length, std::string_view packed, size_t length_bytes = 4, uint8_t head = 0x80) {
  std::string out(1, static_cast<char>(head | length_bytes));
  for (size_t i = length_bytes; i-- > 0;) out += static_cast<char>(length >> (8 * i));
  return out + std::string(packed);
}

TEST(Inflate, WhatWasCompressed) {
  Arena arena;
  for (size_t size : {size_t{0}, size_t{1}, size_t{255}, size_t{256}, size_t{70'000}, size_t{20'000'000}}) {
    std::string plain(size, 'x');
    for (size_t length_bytes = 1; length_bytes <= 4; ++length_bytes) {
      if (length_bytes < 4 && size >> (8 * length_bytes)) continue;
      auto got = inflate_record(record(size, zlib(plain), length_bytes), arena);
      ASSERT_TRUE(got.has_value()) << size << ": " << got.error().what;
      EXPECT_TRUE(*got == plain) << size << ", length in " << length_bytes;
    }
  }
}

TEST(Inflate, ValuesOfColumns) {
  std::string plain(1000, 'x');
  struct Case {
    std::string stored, value;
  };
  const Case cases[] = {
      {"", ""},
      {std::string("\0", 1), ""},
      {std::string("\0plain", 6), "plain"},
      {record(1000, raw_deflate(plain), 2, 0x88), plain},
      {record(1000, zlib(plain), 2), plain},
  };
  Arena arena;
  for (const Case& c : cases) {
    auto got = inflate_value(c.stored, arena);
    ASSERT_TRUE(got.has_value()) << got.error().what;
    EXPECT_EQ(*got, c.value);
  }
  EXPECT_FALSE(inflate_value("no head", arena).has_value());
}

TEST(Inflate, LiesAreFaults) {
  std::string packed = zlib("what was there before");  // 21 bytes
  struct Lie {
    std::string record;
    const char* error;
  };
  const Lie lies[] = {
      {"", "impossible header"},
      {record(21, packed, 4, 0), "impossible header"},
      {record(21, packed, 0), "impossible header"},
      {record(21, packed, 5), "impossible header"},
      {record(21, packed, 4, 0x90), "algorithm 1"},
      {record(20, packed), "do not become 20"},
      {record(22, packed), "do not become 22"},
      {record(0xffffffff, packed), "cannot become 4294967295"},
      {record(21, "no zlib at all"), "is damaged"},
  };
  Arena arena;
  for (const Lie& lie : lies) {
    auto got = inflate_record(lie.record, arena);
    ASSERT_FALSE(got.has_value()) << lie.error;
    EXPECT_NE(got.error().what.find(lie.error), std::string::npos) << got.error().what;
  }
  std::string whole = record(21, packed);
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(inflate_record(whole.substr(0, size), arena).has_value()) << size;
  EXPECT_LT(arena.held(), size_t{1} << 20) << "room for what was only claimed";
}

}  // namespace
}  // namespace sluice::mysql
