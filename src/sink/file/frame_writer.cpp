#include "sink/file/frame_writer.h"

#include <zstd.h>

#include "base/check.h"

namespace sluice::file {
namespace {

constexpr int kLevel = 3;
// RFC 8878, 3.1.1.2: a raw block of size 0 with the last-block bit.
constexpr std::string_view kEmptyLastBlock{"\x01\x00\x00", FrameWriter::kEndBytes};

}  // namespace

void FrameWriter::Free::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }

FrameWriter::FrameWriter() : context_(ZSTD_createCCtx()) {
  CHECK(context_ != nullptr);
  CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kLevel)));
}

FrameWriter::~FrameWriter() = default;

void FrameWriter::append(std::string_view bytes, Bytes& out) {
  if (bytes.empty()) return;
  if (state_ == State::Foreign) end(out);
  if (state_ == State::Between) {
    ZSTD_CCtx_reset(context_.get(), ZSTD_reset_session_only);
    in_frame_ = 0;
    state_ = State::Ours;
  }
  in_frame_ += bytes.size();
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  for (size_t left = 1; left > 0;) {
    size_t room = ZSTD_CStreamOutSize();
    char* at = out.reserve(room);
    ZSTD_outBuffer place{at, room, 0};
    left = ZSTD_compressStream2(context_.get(), &place, &in, ZSTD_e_flush);
    CHECK(!ZSTD_isError(left));
    out.commit(at + place.pos);
  }
  CHECK(in.pos == in.size);
  if (in_frame_ >= kFrameBytes) end(out);
}

void FrameWriter::end(Bytes& out) {
  if (inside_frame()) out.append(kEmptyLastBlock);
  state_ = State::Between;
}

void FrameWriter::resume(bool inside_frame) { state_ = inside_frame ? State::Foreign : State::Between; }

}  // namespace sluice::file
