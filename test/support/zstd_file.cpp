#include "support/zstd_file.h"

#include <zstd.h>

#include "base/check.h"

namespace sluice::test {

Unzipped unzip(std::string_view frames) {
  Unzipped result;
  ZSTD_DCtx* context = ZSTD_createDCtx();
  ZSTD_inBuffer in{frames.data(), frames.size(), 0};
  std::string room(ZSTD_DStreamOutSize(), '\0');
  size_t left = 0;
  for (bool more = true; more;) {
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    left = ZSTD_decompressStream(context, &out, &in);
    CHECK(!ZSTD_isError(left));
    result.bytes.append(room, 0, out.pos);
    more = in.pos < in.size || out.pos == out.size;
  }
  result.whole = left == 0 || frames.empty();
  ZSTD_freeDCtx(context);
  return result;
}

}  // namespace sluice::test
