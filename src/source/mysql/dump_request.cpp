#include "source/mysql/dump_request.h"

#include <algorithm>

namespace sluice::mysql {
namespace {

constexpr uint16_t kNonBlocking = 0x01;   // BINLOG_DUMP_NON_BLOCK
constexpr uint16_t kAnnotateRows = 0x02;  // MariaDB: BINLOG_SEND_ANNOTATE_ROWS_EVENT
constexpr uint16_t kThroughGtid = 0x04;   // MySQL: BINLOG_THROUGH_GTID

void put(std::string& out, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

void put_text(std::string& out, std::string_view text) {
  text = text.substr(0, 255);
  out.push_back(static_cast<char>(text.size()));
  out.append(text);
}

}  // namespace

std::string register_request(uint32_t server_id, std::string_view host_name) {
  std::string out;
  put(out, server_id, 4);
  put_text(out, host_name.substr(0, 60));  // HOSTNAME_LENGTH of the oldest servers
  put_text(out, "");                       // user and password are for people who list replicas
  put_text(out, "");
  put(out, 0, 2);  // port
  put(out, 0, 4);  // rank
  put(out, 0, 4);  // id of the source: filled in by the server
  return out;
}

std::string dump_request(const DumpRequest& request) {
  std::string out;
  put(out, request.offset, 4);
  put(out, (request.until_now ? kNonBlocking : 0) | (request.statements ? kAnnotateRows : 0), 2);
  put(out, request.server_id, 4);
  out += request.file;
  return out;
}

std::string gtid_dump_request(const DumpRequest& request, const GtidSet& done) {
  std::string set = encode_gtids(done);
  std::string out;
  put(out, kThroughGtid | (request.until_now ? kNonBlocking : 0), 2);
  put(out, request.server_id, 4);
  put(out, request.file.size(), 4);
  out += request.file;
  put(out, request.offset, 8);
  put(out, set.size(), 4);
  out += set;
  return out;
}

std::string semi_sync_ack(std::string_view file, uint64_t offset) {
  std::string out;
  put(out, offset, 8);
  out.append(file);
  return out;
}

std::string encode_gtids(const GtidSet& set) {
  const auto& sids = set.mysql();
  bool tagged =
      std::any_of(sids.begin(), sids.end(), [](const auto& entry) { return !entry.first.tag.empty(); });
  std::string out;
  // With tags: the format, 1, in the first and in the last byte, the number of entries in the six between.
  put(out, tagged ? uint64_t{1} << 56 | sids.size() << 8 | 1 : sids.size(), 8);
  for (const auto& [sid, intervals] : sids) {
    out.append(reinterpret_cast<const char*>(sid.uuid.data()), sid.uuid.size());
    // A length below 128 is one byte, shifted by one (libs/mysql/serialization, variable-length integers); a
    // tag has at most 32 characters.
    if (tagged) {
      out.push_back(static_cast<char>(sid.tag.size() << 1));
      out += sid.tag;
    }
    put(out, intervals.size(), 8);
    for (const auto& [first, behind] : intervals) {
      put(out, first, 8);
      put(out, behind, 8);
    }
  }
  return out;
}

}  // namespace sluice::mysql
