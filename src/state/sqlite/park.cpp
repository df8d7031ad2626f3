#include "state/sqlite/park.h"

#include <cstring>
#include <functional>

namespace sluice::sqlite {
namespace {

std::string_view bytes_of(const std::vector<uint64_t>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(uint64_t)};
}

Result<ParkedMessage> read(const Statement& row, const std::string& path) {
  ParkedMessage message;
  message.id = static_cast<uint64_t>(row.integer(0));
  message.lane = row.text(1);
  message.change = row.text(2);
  message.part = static_cast<uint32_t>(row.integer(3));
  message.table = row.text(4);
  message.key = row.text(5);
  message.destination = row.text(6);
  message.since_us = row.integer(7);
  message.reason = row.text(8);
  message.asked = row.integer(9) != 0;
  if (!row.text(10).empty()) {
    auto place = parse_position(row.text(10));
    if (!place) {
      return while_doing(fmt::format("cannot read the parked message {} in {}", message.id, path),
                         std::move(place).error());
    }
    message.place = std::move(*place);
  }
  std::string_view subject = row.text(11);
  message.subject.resize(subject.size() / sizeof(uint64_t));
  if (!message.subject.empty()) {
    std::memcpy(message.subject.data(), subject.data(), message.subject.size() * sizeof(uint64_t));
  }
  message.bytes = static_cast<uint64_t>(row.integer(12));
  return message;
}

}  // namespace

Result<void> Park::prepare(Database& database) {
  database_ = &database;
  const std::pair<Statement*, std::string_view> all[] = {
      {&put_,
       "INSERT INTO parked(lane, change, part, name, row_key, destination, since, reason, asked, place, "
       "subject, message) SELECT ?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12 WHERE NOT EXISTS (SELECT 1 FROM "
       "parked WHERE lane=?1 AND change=?2 AND part=?3 AND message=?12)"},
      {&remove_, "DELETE FROM parked WHERE id=?"},
      {&refuse_, "UPDATE parked SET reason=?, asked=0 WHERE id=?"},
      {&each_,
       "SELECT id, lane, change, part, name, row_key, destination, since, reason, asked, place, subject, "
       "length(message) FROM parked WHERE lane=?1 OR ?1='' ORDER BY id"},
      {&find_,
       "SELECT id, lane, change, part, name, row_key, destination, since, reason, asked, place, subject, "
       "length(message), message FROM parked WHERE id=?"},
      {&ask_all_, "UPDATE parked SET asked=1 WHERE (lane=?1 OR ?1='') AND reason<>''"},
      {&ask_one_, "UPDATE parked SET asked=1 WHERE (lane=?1 OR ?1='') AND id=?2"},
      {&drop_all_, "DELETE FROM parked WHERE lane=?1 OR ?1=''"},
      {&drop_one_, "DELETE FROM parked WHERE (lane=?1 OR ?1='') AND id=?2"},
  };
  for (const auto& [statement, text] : all) {
    SLUICE_ASSIGN(prepared, database.prepare(text));
    *statement = std::move(prepared);
  }
  return {};
}

Result<void> Park::save(const ParkChanges& changes) {
  for (const ParkedMessage& message : changes.added) {
    std::string place = message.place.known() ? to_text(message.place) : "";
    SLUICE_TRY(put_.bind(1, message.lane)
                   .bind(2, message.change)
                   .bind(3, int64_t{message.part})
                   .bind(4, message.table)
                   .bind(5, message.key)
                   .bind(6, message.destination)
                   .bind(7, message.since_us)
                   .bind(8, message.reason)
                   .bind(9, int64_t{message.asked})
                   .bind(10, place)
                   .bind_blob(11, bytes_of(message.subject))
                   .bind_blob(12, message.message)
                   .run());
  }
  for (uint64_t id : changes.removed) SLUICE_TRY(remove_.bind(1, static_cast<int64_t>(id)).run());
  for (const ParkChanges::Refused& each : changes.refused) {
    SLUICE_TRY(refuse_.bind(1, each.reason).bind(2, static_cast<int64_t>(each.id)).run());
  }
  return {};
}

Result<void> Park::each(std::string_view lane, const std::function<void(const ParkedMessage&)>& visit) {
  each_.bind(1, lane);
  for (;;) {
    SLUICE_ASSIGN(more, each_.step());
    if (!more) break;
    auto message = read(each_, database_->path());
    if (!message) {
      each_.reset();
      return tl::unexpected(std::move(message).error());
    }
    visit(*message);
  }
  each_.reset();
  return {};
}

Result<std::optional<ParkedMessage>> Park::find(uint64_t id) {
  SLUICE_ASSIGN(more, find_.bind(1, static_cast<int64_t>(id)).step());
  std::optional<ParkedMessage> found;
  if (more) {
    auto message = read(find_, database_->path());
    if (!message) {
      find_.reset();
      return tl::unexpected(std::move(message).error());
    }
    found = std::move(*message);
    found->message = find_.text(13);
  }
  find_.reset();
  return found;
}

Result<uint64_t> Park::count(Statement& all, Statement& one, std::string_view lane,
                             const std::vector<uint64_t>& ids) {
  if (ids.empty()) {
    SLUICE_TRY(all.bind(1, lane).run());
    return static_cast<uint64_t>(database_->changed_rows());
  }
  uint64_t count = 0;
  for (uint64_t id : ids) {
    SLUICE_TRY(one.bind(1, lane).bind(2, static_cast<int64_t>(id)).run());
    count += static_cast<uint64_t>(database_->changed_rows());
  }
  return count;
}

Result<uint64_t> Park::ask(std::string_view lane, const std::vector<uint64_t>& ids) {
  return count(ask_all_, ask_one_, lane, ids);
}

Result<uint64_t> Park::drop(std::string_view lane, const std::vector<uint64_t>& ids) {
  return count(drop_all_, drop_one_, lane, ids);
}

}  // namespace sluice::sqlite
