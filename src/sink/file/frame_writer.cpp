#include "sink/file/frame_writer.h"

#include <libdeflate.h>
#include <zstd.h>

#include "base/check.h"

namespace sluice::file {
namespace {

constexpr int kZstdLevel = 3, kGzipLevel = 6;
// RFC 8878, 3.1.1.2: a raw block of size 0 with the last-block bit.
constexpr std::string_view kEmptyLastBlock{"\x01\x00\x00", FrameWriter::kEndBytes};

}  // namespace

void FrameWriter::Free::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }
void FrameWriter::Free::operator()(libdeflate_compressor* gzip) const { libdeflate_free_compressor(gzip); }

FrameWriter::FrameWriter(Compression compression) {
  if (compression == Compression::Zstd) {
    zstd_.reset(ZSTD_createCCtx());
    CHECK(zstd_ != nullptr);
    CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(zstd_.get(), ZSTD_c_compressionLevel, kZstdLevel)));
  } else if (compression == Compression::Gzip) {
    gzip_.reset(libdeflate_alloc_compressor(kGzipLevel));
    CHECK(gzip_ != nullptr);
  }
}

FrameWriter::~FrameWriter() = default;

void FrameWriter::append(std::string_view bytes, Bytes& out) {
  if (bytes.empty()) return;
  if (gzip_) {
    size_t room = libdeflate_gzip_compress_bound(gzip_.get(), bytes.size());
    char* at = out.reserve(room);
    size_t size = libdeflate_gzip_compress(gzip_.get(), bytes.data(), bytes.size(), at, room);
    CHECK(size > 0);
    return out.commit(at + size);
  }
  if (!zstd_) return out.append(bytes);
  if (state_ == State::Foreign) end(out);
  if (state_ == State::Between) {
    ZSTD_CCtx_reset(zstd_.get(), ZSTD_reset_session_only);
    in_frame_ = 0;
    state_ = State::Ours;
  }
  in_frame_ += bytes.size();
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  for (size_t left = 1; left > 0;) {
    size_t room = ZSTD_CStreamOutSize();
    char* at = out.reserve(room);
    ZSTD_outBuffer place{at, room, 0};
    left = ZSTD_compressStream2(zstd_.get(), &place, &in, ZSTD_e_flush);
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
