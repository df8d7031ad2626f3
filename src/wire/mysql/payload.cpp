#include "wire/mysql/payload.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace sluice::mysql {
namespace {

enum Field : uint64_t { kEnd = 0, kSize = 1, kCompression = 2, kPlainSize = 3 };
enum Compression : uint64_t { kZstd = 0, kNone = 255 };

// An event that claims to be larger gets room as its bytes come, not at once.
constexpr size_t kTrustedBytes = 1 << 20;
// Of a payload in a file, at a time.
constexpr size_t kPieceBytes = 128 << 10;
// What stands before a payload takes some 30 bytes.
constexpr size_t kMostFieldBytes = 4096;

}  // namespace

Result<void> Payload::begin(std::string_view body) {
  close();
  return read_fields(body, body.size());
}

Result<void> Payload::begin(const FilePart& event, uint64_t begin, uint64_t end) {
  close();
  std::string head(kMostFieldBytes, '\0');
  SLUICE_ASSIGN(got, event.read(begin, head.data(), std::min<uint64_t>(head.size(), end - begin)));
  head.resize(got);
  SLUICE_TRY(read_fields(head, end - begin));
  at_ += begin;
  file_ = event;
  end_ = end;
  return {};
}

void Payload::close() {
  open_ = peeked_ = false;
  again_.clear();
  file_.reset();
  piece_ = {};
  piece_at_ = 0;
}

// `head`: as much as is there of the body, which has `size` bytes.
Result<void> Payload::read_fields(std::string_view head, uint64_t size) {
  Cursor in(head);
  std::optional<uint64_t> packed_size, compression, plain_size;
  while (uint64_t field = in.length_encoded()) {
    Cursor value(in.bytes(in.length_encoded()));
    uint64_t number = 0;
    // A field that is not known is passed over, as the server does.
    if (field == kSize || field == kCompression || field == kPlainSize) number = value.length_encoded();
    if (value.bad()) in.fail();
    if (field == kSize) packed_size = number;
    if (field == kCompression) compression = number;
    if (field == kPlainSize) plain_size = number;
  }
  if (in.bad()) return fatal("it is cut short in its header");
  if (!compression || (*compression != kZstd && *compression != kNone))
    return fatal("it is compressed in a way that is not known ({})", compression.value_or(~uint64_t{0}));
  compressed_ = *compression == kZstd;
  at_ = head.size() - in.left();
  uint64_t left = size - at_;
  if (packed_size && *packed_size != left)
    return fatal("it says that its payload has {} bytes, but there are {}", *packed_size, left);
  if (compressed_ && !plain_size) return fatal("it does not say how large its payload becomes");
  if (!compressed_ && plain_size && *plain_size != left)
    return fatal("its payload of {} bytes is not compressed, but said to become {}", left, *plain_size);
  left_ = plain_size.value_or(left);
  if (compressed_) zstd_.begin();
  open_ = true;
  return {};
}

// False: that was all.
Result<bool> Payload::refill() {
  piece_.resize(static_cast<size_t>(std::min<uint64_t>(kPieceBytes, end_ - at_)));
  piece_at_ = 0;
  if (piece_.empty()) return false;
  SLUICE_ASSIGN(got, file_->read(at_, piece_.data(), piece_.size()));
  return got > 0;
}

// False: there are fewer bytes.
Result<bool> Payload::read(std::string_view body, char* to, size_t n) {
  size_t got = 0;
  for (bool more = true; more;) {
    std::string_view in = file_ ? std::string_view(piece_).substr(piece_at_) : body.substr(at_);
    more = false;
    size_t before = in.size();
    if (compressed_) {
      SLUICE_ASSIGN(count, zstd_.read(in, to + got, n - got));
      got += count;
    } else {
      size_t count = std::min(n - got, in.size());
      std::memcpy(to + got, in.data(), count);
      in.remove_prefix(count);
      got += count;
    }
    at_ += before - in.size();
    piece_at_ += before - in.size();
    if (file_ && got < n) {
      SLUICE_ASSIGN(filled, refill());
      more = filled;
    }
  }
  return got == n;
}

Result<void> Payload::check_end(std::string_view body) {
  char byte;
  SLUICE_ASSIGN(more, read(body, &byte, 1));
  if (more) return fatal("its payload is larger than it says");
  if (compressed_ && !zstd_.whole()) return fatal("its payload is cut short");
  return {};
}

Result<bool> Payload::peek(std::string_view body, EventHeader& header) {
  if (!again_.empty()) {
    header = read_header(again_);
    return true;
  }
  if (!peeked_) {
    if (left_ == 0) {
      SLUICE_TRY(check_end(body));
      return false;
    }
    if (left_ < kHeaderBytes) return fatal("its payload ends inside an event's header");
    SLUICE_ASSIGN(whole, read(body, header_, kHeaderBytes));
    if (!whole) return fatal("its payload is smaller than it says");
    peeked_ = true;
  }
  header = read_header({header_, kHeaderBytes});
  if (header.size < kHeaderBytes || header.size > left_)
    return fatal("an event in it says it is {} bytes long, but {} are left", header.size, left_);
  return true;
}

Result<std::string_view> Payload::fetch(std::string_view body, Arena& arena) {
  if (!again_.empty()) {
    std::string_view event = arena.copy(again_);
    again_.clear();
    return event;
  }
  size_t size = read_header({header_, kHeaderBytes}).size;
  std::string large;  // where the size is not to be trusted
  size_t have = kHeaderBytes;
  if (size > kTrustedBytes) {
    large.assign(header_, kHeaderBytes);
    while (size - have > kTrustedBytes) {
      size_t piece = std::min(size - have, have + kTrustedBytes);
      large.resize(have + piece);
      SLUICE_ASSIGN(whole, read(body, large.data() + have, piece));
      if (!whole) return fatal("its payload is smaller than it says");
      have += piece;
    }
  }
  char* event = arena.allocate(size);
  std::memcpy(event, large.empty() ? header_ : large.data(), have);
  SLUICE_ASSIGN(whole, read(body, event + have, size - have));
  if (!whole) return fatal("its payload is smaller than it says");
  left_ -= size;
  peeked_ = false;
  return std::string_view(event, size);
}

void Payload::put_back(std::string_view event) { again_ = event; }

}  // namespace sluice::mysql
