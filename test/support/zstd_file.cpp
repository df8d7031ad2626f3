#include "support/zstd_file.h"

#include <libdeflate.h>
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

Unzipped gunzip(std::string_view members) {
  Unzipped result{.bytes = {}, .whole = true};
  libdeflate_decompressor* decompressor = libdeflate_alloc_decompressor();
  std::string room(1 << 20, '\0');
  while (!members.empty() && result.whole) {
    size_t used = 0, made = 0;
    auto ended = libdeflate_gzip_decompress_ex(decompressor, members.data(), members.size(), room.data(),
                                               room.size(), &used, &made);
    if (ended == LIBDEFLATE_INSUFFICIENT_SPACE) {
      room.resize(2 * room.size());
      continue;
    }
    result.whole = ended == LIBDEFLATE_SUCCESS;
    if (result.whole) result.bytes.append(room, 0, made);
    members.remove_prefix(used);
  }
  libdeflate_free_decompressor(decompressor);
  return result;
}

}  // namespace sluice::test
