// FrameWriter: bytes to zstd frames (RFC 8878) that can be read up to the last append, and cut off there.
//
// Frames carry no checksum and no size, and every append ends at a block's end. So a file that was cut behind
// any append is made whole by three bytes, the empty last block, wherever the compressor that began it went.
#pragma once

#include <memory>
#include <string_view>

#include "base/bytes.h"

struct ZSTD_CCtx_s;

namespace sluice::file {

class FrameWriter {
 public:
  // Uncompressed bytes after which a frame ends and the next append begins a new one.
  static constexpr size_t kFrameBytes = 16u << 20;

  // The most that end() appends.
  static constexpr size_t kEndBytes = 3;

  FrameWriter();
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
  };
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
  State state_ = State::Between;
  size_t in_frame_ = 0;  // uncompressed bytes of the present frame
};

}  // namespace sluice::file
