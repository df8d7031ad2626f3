#include "base/zstd_reader.h"

#include <zstd.h>

#include "base/check.h"

namespace sluice {

ZstdReader::ZstdReader() = default;
ZstdReader::~ZstdReader() = default;

void ZstdReader::Free::operator()(void* stream) const {
  ZSTD_freeDStream(static_cast<ZSTD_DStream*>(stream));
}

void ZstdReader::begin() {
  if (!stream_) stream_.reset(ZSTD_createDStream());
  CHECK(stream_ != nullptr);
  CHECK(!ZSTD_isError(ZSTD_DCtx_reset(static_cast<ZSTD_DStream*>(stream_.get()), ZSTD_reset_session_only)));
  whole_ = false;
}

Result<size_t> ZstdReader::read(std::string_view& in, char* to, size_t n) {
  ZSTD_inBuffer input{in.data(), in.size(), 0};
  ZSTD_outBuffer output{to, n, 0};
  while (output.pos < n) {
    size_t before = output.pos, taken = input.pos;
    size_t left = ZSTD_decompressStream(static_cast<ZSTD_DStream*>(stream_.get()), &output, &input);
    if (ZSTD_isError(left)) return fatal("zstd cannot read it: {}", ZSTD_getErrorName(left));
    if (output.pos == before && input.pos == taken) break;
    whole_ = left == 0;
  }
  in.remove_prefix(input.pos);
  return output.pos;
}

}  // namespace sluice
