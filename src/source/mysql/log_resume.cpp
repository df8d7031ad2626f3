// The half of LogPlace that judges saved positions.
#include <algorithm>
#include <charconv>

#include "client/mysql/failure.h"
#include "source/mysql/log_place.h"

namespace sluice::mysql {
namespace {

// The number at the end of a log file's name; 0: none.
uint64_t number_of(std::string_view file) {
  uint64_t number = 0;
  size_t dot = file.rfind('.');
  if (dot == std::string_view::npos) return 0;
  std::from_chars(file.data() + dot + 1, file.data() + file.size(), number);
  return number;
}

}  // namespace

bool LogPlace::same_server(const Position& saved) const {
  return saved.flavor == server_.flavor && saved.server_uuid == server_.uuid;
}

std::string_view LogPlace::anew() const { return how_to_begin_anew(options_.keeps_state); }

Failure LogPlace::was_reset(const Position& saved, std::string_view evidence) const {
  return fatal(
      "cannot go on behind {} ({}): {}, though it is the server that was read so far. Its log was reset "
      "(RESET MASTER, RESET BINARY LOGS AND GTIDS) or the server was restored from a copy; what was "
      "changed in between cannot be read; {}",
      describe(saved), connection_.address(), evidence, anew());
}

Failure LogPlace::lags_behind(const Position& saved, const GtidSet& missing) const {
  return retryable(
      "cannot go on behind {} ({}): this server (id {}) has not yet executed {}, which was read from "
      "another one. If it is a replica, it has to catch up first; if those transactions are lost, "
      "{}",
      describe(saved), connection_.address(), server_.id, missing.text(), anew());
}

Failure LogPlace::has_gap(const Position& saved, std::string_view gap) const {
  return fatal(
      "cannot go on behind {} ({}): {} purged from the server's binary logs; either read from a server that "
      "still has them, or accept the gap: {}",
      describe(saved), connection_.address(), gap, anew());
}

Result<Position> LogPlace::resume(const Position& saved) {
  if (saved.flavor != Flavor::Unknown && saved.flavor != server_.flavor) {
    return fatal("cannot go on behind {} ({}): it was read from another kind of server, this one is {}",
                 describe(saved), connection_.address(), server_.product());
  }
  if (saved.gtids.empty() || !server_.gtids) return resume_file(saved);
  return server_.mariadb() ? resume_mariadb(saved) : resume_mysql(saved);
}

// Whether `executed` holds anything of the server that was read so far. Servers may have a past in common, as
// copies of one have, without being replicas of each other.
bool LogPlace::replicates(const Position& saved, const GtidSet& executed) const {
  Result<Uuid> source = parse_uuid(saved.server_uuid);
  auto of_source = [&](const GtidSet& set) {
    return std::any_of(set.mysql().begin(), set.mysql().end(),
                       [&](const auto& entry) { return source && entry.first.uuid == *source; });
  };
  if (of_source(saved.gtids)) return of_source(executed);
  return std::any_of(saved.gtids.mysql().begin(), saved.gtids.mysql().end(),
                     [&](const auto& entry) { return executed.mysql().count(entry.first) > 0; });
}

Result<Position> LogPlace::resume_mysql(const Position& saved) {
  SLUICE_ASSIGN(executed, executed_gtids(connection_));
  if (!executed.contains(saved.gtids)) {
    GtidSet missing = saved.gtids.minus(executed);
    if (same_server(saved))
      return was_reset(saved, fmt::format("the server has not executed {}", missing.text()));
    if (replicates(saved, executed)) return lags_behind(saved, missing);
    return fatal(
        "cannot go on behind {} ({}): this server ({}) is no replica of the one that was read so far: it "
        "has executed nothing of that one. Name the right server, or {}",
        describe(saved), connection_.address(), server_.uuid, anew());
  }
  SLUICE_ASSIGN(purged, purged_gtids(connection_));
  GtidSet gap = purged.minus(saved.gtids);
  SLUICE_ASSIGN(there, has_place(saved));
  if (!gap.empty()) {
    SLUICE_ASSIGN(found, there ? without_gap(saved, purged) : std::optional<Position>());
    if (found) return *found;
    return has_gap(saved, fmt::format("the transactions {} were", gap.text()));
  }
  Position position = saved;
  if (!there) position.file.clear(), position.offset = 4;
  position.server_uuid = server_.uuid;
  position.flavor = server_.flavor;
  return position;
}

// Whether the file that was read is still there, begun behind nothing but what was read. Asked for what is
// not in a set, a server passes over transactions without GTIDs; asked for what stands behind a place, it
// does not.
Result<bool> LogPlace::has_place(const Position& saved) {
  if (!same_server(saved) || saved.file.empty()) return false;
  SLUICE_ASSIGN(files, logs());
  auto file =
      std::find_if(files.begin(), files.end(), [&](const BinaryLog& log) { return log.name == saved.file; });
  if (file == files.end() || file->size < saved.offset) return false;
  SLUICE_ASSIGN(before, previous_gtids(connection_, saved.file));
  return before && saved.gtids.contains(*before);
}

// A set that was gathered from the log alone, as after a time of gtid_mode=OFF, lacks what was purged by hand
// (SET GLOBAL gtid_purged). Where the file holds before the place only what is known, it is whole.
Result<std::optional<Position>> LogPlace::without_gap(const Position& saved, const GtidSet& purged) {
  auto here = at_file({.kind = StartPoint::Kind::File, .file = saved.file, .offset = saved.offset});
  if (!here && here.error().fault == Fault::Retryable) return tl::unexpected(std::move(here).error());
  if (!here) return std::nullopt;  // no transaction begins there
  GtidSet known = saved.gtids;
  known.unite(purged);
  if (!known.contains(here->gtids)) return std::nullopt;
  return *here;
}

Result<Position> LogPlace::resume_mariadb(const Position& saved) {
  SLUICE_ASSIGN(logged, logged_gtids(connection_));
  GtidSet missing;
  for (const auto& [domain, gtid] : saved.gtids.mariadb()) {
    auto there = logged.mariadb().find(domain);
    if (there == logged.mariadb().end() || there->second.sequence < gtid.sequence) {
      missing.set(domain, gtid.server_id, gtid.sequence);
    }
  }
  SLUICE_ASSIGN(files, logs());
  if (!missing.empty()) {
    if (same_server(saved)) return was_reset(saved, fmt::format("its log ends before {}", missing.text()));
    return lags_behind(saved, missing);
  }
  if (same_server(saved) && !saved.file.empty()) SLUICE_TRY(check_file(saved));
  // The oldest file begins with the state before it: what lies between ours and that is gone.
  SLUICE_ASSIGN(oldest, gtids_at(connection_, files.front().name, 4));
  std::string gap;
  for (const auto& [domain, gtid] : oldest.mariadb()) {
    auto ours = saved.gtids.mariadb().find(domain);
    uint64_t have = ours == saved.gtids.mariadb().end() ? 0 : ours->second.sequence;
    if (have >= gtid.sequence) continue;
    gap += gap.empty() ? "" : ", ";
    gap += have + 1 == gtid.sequence ? fmt::format("{} of domain {}", gtid.sequence, domain)
                                     : fmt::format("{} to {} of domain {}", have + 1, gtid.sequence, domain);
  }
  if (!gap.empty()) return has_gap(saved, fmt::format("the transactions {} were", gap));
  Position position = saved;
  if (!same_server(saved)) position.file.clear(), position.offset = 4;
  position.server_uuid = server_.uuid;
  position.flavor = server_.flavor;
  return position;
}

// Only for the server that the file belongs to. A file that is no longer there may have been purged: whether
// that leaves a gap is for the GTIDs to say.
Result<void> LogPlace::check_file(const Position& saved) {
  SLUICE_ASSIGN(files, logs());
  if (number_of(saved.file) > number_of(files.back().name)) {
    return was_reset(saved, fmt::format("its newest log is {}", files.back().name));
  }
  auto file =
      std::find_if(files.begin(), files.end(), [&](const BinaryLog& log) { return log.name == saved.file; });
  if (file != files.end() && file->size < saved.offset) {
    return was_reset(saved, fmt::format("{} ends at {}", file->name, file->size));
  }
  return {};
}

Result<Position> LogPlace::resume_file(const Position& saved) {
  if (saved.file.empty()) {
    return fatal(
        "cannot go on behind {} ({}): there are no GTIDs on this server (gtid_mode is {}), and no log file "
        "is known",
        describe(saved), connection_.address(), server_.variable("gtid_mode"));
  }
  if (!saved.server_uuid.empty() && !same_server(saved)) {
    return fatal(
        "cannot go on behind {} ({}): the position is one of server {}, this is server {}, whose log files "
        "are others. Name the right server, switch GTIDs on at both, or {}",
        describe(saved), connection_.address(), saved.server_uuid, server_.uuid, anew());
  }
  SLUICE_TRY(check_file(saved));
  SLUICE_ASSIGN(files, logs());
  bool there =
      std::any_of(files.begin(), files.end(), [&](const BinaryLog& log) { return log.name == saved.file; });
  if (!there) {
    uint64_t next = number_of(files.front().name);
    std::string gap = number_of(saved.file) + 1 >= next
                          ? fmt::format("{} (from {} on) was", saved.file, saved.offset)
                          : fmt::format("{} (from {} on) and everything up to {} were", saved.file,
                                        saved.offset, files.front().name);
    return has_gap(saved, gap);
  }
  // A set that began with the next transaction would be taken for everything that was ever executed.
  if (server_.gtids && saved.offset > 4)
    return at_file({.kind = StartPoint::Kind::File, .file = saved.file, .offset = saved.offset});
  Position position = saved;
  position.server_uuid = server_.uuid;
  position.flavor = server_.flavor;
  return position;
}

}  // namespace sluice::mysql
