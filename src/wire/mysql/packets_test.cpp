#include "wire/mysql/packets.h"

#include <gtest/gtest.h>
#include <libdeflate.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace sluice::mysql {
namespace {

std::string three(size_t n) {
  std::string text;
  for (int i = 0; i < 3; ++i) text += static_cast<char>(n >> 8 * i & 0xff);
  return text;
}

// As a server writes a packet.
std::string packet(std::string_view bytes) {
  std::string out;
  for (;;) {
    std::string_view part = bytes.substr(0, 0xffffff);
    out += three(part.size()) + '\7';
    out += part;
    bytes.remove_prefix(part.size());
    if (part.size() < 0xffffff) return out;
  }
}

// As frames of about so many bytes, every third of them left as it is.
std::string frames(std::string_view bytes, size_t size) {
  std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> zlib(
      libdeflate_alloc_compressor(1), libdeflate_free_compressor);
  std::string out;
  for (size_t n = 0; !bytes.empty(); ++n) {
    std::string_view part = bytes.substr(0, size + n);
    bytes.remove_prefix(part.size());
    std::string packed(libdeflate_zlib_compress_bound(zlib.get(), part.size()), '\0');
    packed.resize(
        libdeflate_zlib_compress(zlib.get(), part.data(), part.size(), packed.data(), packed.size()));
    bool plain = n % 3 == 2;
    out += three(plain ? part.size() : packed.size()) + '\1' + three(plain ? 0 : part.size());
    out += plain ? part : std::string_view(packed);
  }
  return out;
}

// What comes out of bytes that come in portions of at most `portion`.
std::vector<std::string> read(std::string_view bytes, bool compressed, size_t portion,
                              std::string* error = nullptr, bool cut = false) {
  PacketReader reader(compressed);
  std::vector<std::string> packets;
  std::string packet;
  for (;;) {
    auto piece = reader.next();
    if (!piece) {
      if (error) *error = piece.error().what;
      return packets;
    }
    if (*piece) {
      EXPECT_LE((*piece)->bytes.size(), PacketReader::kPieceBytes);
      packet += (*piece)->bytes;
      if (!(*piece)->last) continue;
      packets.push_back(std::move(packet));
      packet.clear();
      continue;
    }
    if (bytes.empty()) break;
    size_t room = 0;
    char* to = reader.room(room);
    size_t n = std::min({room, portion, bytes.size()});
    std::copy_n(bytes.data(), n, to);
    reader.received(n);
    bytes.remove_prefix(n);
  }
  EXPECT_EQ(reader.has_bytes(), cut);
  return packets;
}

TEST(Packets, ComeOutHoweverTheyCome) {
  std::mt19937 random(7);
  std::vector<std::string> packets = {"a", "", std::string(300, 'b')};
  for (size_t size : {70'000, 1'048'575, 1'048'576, 1'048'577, 3'000'000})
    packets.push_back(std::string(size, static_cast<char>('a' + size % 26)));
  for (char& c : packets.back()) c = static_cast<char>(random());
  packets.push_back("end");
  std::string bytes;
  for (const std::string& one : packets) bytes += packet(one);
  for (size_t portion : {size_t{1000}, size_t{1 << 20}}) {
    EXPECT_EQ(read(bytes, false, portion), packets);
    for (size_t frame : {500, 100'000}) EXPECT_EQ(read(frames(bytes, frame), true, portion), packets);
  }
  bytes.resize(400);
  EXPECT_EQ(read(bytes, false, 1, nullptr, true).size(), 3u);
  EXPECT_EQ(read(frames(bytes, 7), true, 1, nullptr, true).size(), 3u);
}

// One of 0xffffff bytes goes on in the next, be it empty.
TEST(Packets, OfSixteenMegabytesAndMore) {
  for (size_t size : {size_t{0xfffffe}, size_t{0xffffff}, size_t{0x1000000}, size_t{2 * 0xffffff}}) {
    std::string large(size, 'x');
    large[size / 2] = 'y';
    std::string bytes = packet(large) + packet("behind");
    std::vector<std::string> expected = {large, "behind"};
    EXPECT_TRUE(read(bytes, false, 1 << 20) == expected) << size;
    EXPECT_TRUE(read(frames(bytes, 0xf00000), true, 1 << 20) == expected) << size;
  }
}

// What no server sends, and a fuzzer did.
TEST(Packets, FramesOfNothing) {
  std::string nothing = three(0) + '\1' + three(0);
  std::vector<std::string> expected = {"a"};
  EXPECT_EQ(read(nothing + frames(packet("a"), 3) + nothing, true, 1), expected);
}

TEST(Packets, DamagedFramesAreFaults) {
  std::string sound = frames(packet(std::string(1000, 'x')), 5000);
  for (size_t at : {size_t{4}, size_t{7}, sound.size() - 1}) {
    std::string bytes = sound;
    bytes[at] ^= 1;
    std::string error;
    EXPECT_EQ(read(bytes, true, 100, &error).size(), 0u);
    EXPECT_NE(error.find("a compressed packet is damaged"), std::string::npos) << at << error;
  }
}

TEST(Packets, ErrorsOfTheServer) {
  const std::string bytes = "\xff\xd4\x04#HY000bogus data";
  auto error = read_error(bytes);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, 1236);
  EXPECT_EQ(error->message, "bogus data");
  EXPECT_EQ(read_error("\xff\xd4\x04plain")->message, "plain");
  EXPECT_EQ(read_error("\xff")->code, 0);
  EXPECT_FALSE(read_error(""));
  EXPECT_FALSE(read_error("\x01xyz"));
}

}  // namespace
}  // namespace sluice::mysql
