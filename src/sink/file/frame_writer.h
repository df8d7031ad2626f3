// FrameWriter: bytes to zstd frames (RFC 8878) or gzip members (RFC 1952) that can be read up to the last
// append, and cut off there.
//
// Frames carry no checksum and no size, and every append ends at a block's end. So a file that was cut behind
// any append is made whole by three bytes, the empty last block, wherever the compressor that began it went.
// A gzip member has both at its end, so that every append is a whole member.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"

struct ZSTD_CCtx_s;
struct libdeflate_compressor;

namespace sluice::file {

enum class Compression : uint8_t { None, Zstd, Gzip };

// What a file's name ends in; empty of None.
constexpr std::string_view suffix_of(Compression compression) {
  constexpr std::string_view kSuffixes[] = {"", ".zst", ".gz"};
  return kSuffixes[static_cast<size_t>(compression)];
}

class FrameWriter {
 public:
  // Uncompressed bytes after which a frame ends and the next append begins a new one.
  static constexpr size_t kFrameBytes = 16u << 20;

  // The most that end() appends.
  static constexpr size_t kEndBytes = 3;

  explicit FrameWriter(Compression compression);
  ~FrameWriter();

  // Appends `bytes` compressed to `out`. Nothing for nothing.
  void append(std::string_view bytes, Bytes& out);
  // Closes the frame that is open, if one is.
  void end(Bytes& out);
  // What stands before the next append ends inside a frame, or not; it is not this compressor's to go on
  // with.
  void resume(bool inside_frame);
  bool inside_frame() const { return state_ != State::Between; }

 private:
  enum class State { Between, Ours, Foreign };
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
    void operator()(libdeflate_compressor* gzip) const;
  };
  // One of them, or neither: then bytes go through as they are.
  std::unique_ptr<ZSTD_CCtx_s, Free> zstd_;
  std::unique_ptr<libdeflate_compressor, Free> gzip_;
  State state_ = State::Between;
  size_t in_frame_ = 0;  // uncompressed bytes of the present frame
};

}  // namespace sluice::file
