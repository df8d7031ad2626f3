// The decoder's part in schema changes: what they do to the catalogue, and what is told of them.
#include <algorithm>

#include "base/log.h"
#include "wire/mysql/charset.h"
#include "wire/mysql/decoder_impl.h"
#include "wire/mysql/helper_tables.h"

namespace sluice::mysql {

// Once each, without the helpers beside them; empty: nobody wants any of them.
std::vector<TableName> Decoder::Impl::tables_told(const DdlOutcome& outcome) {
  std::vector<TableName> tables;
  bool wanted = false;
  for (const TableName& name : outcome.tables) {
    if (uses_.hides(name, outcome.tables)) continue;
    wanted |= selection_.wants(name.database, name.table);
    if (std::find(tables.begin(), tables.end(), name) == tables.end()) tables.push_back(name);
  }
  return wanted ? tables : std::vector<TableName>();
}

std::string Decoder::Impl::quoted(std::string_view sql) const {
  constexpr size_t kMost = 200;  // bytes
  if (!options_.seal.empty()) return "a statement that is not shown, since values are masked";
  return sql.size() <= kMost ? std::string(sql) : fmt::format("{}…", sql.substr(0, kMost));
}

DdlContext Decoder::Impl::context_of(const QueryEvent& query) const {
  DdlContext context = server_;
  context.database = std::string(query.database);
  context.sql_mode = query.sql_mode;
  if (query.explicit_timestamp) context.explicit_timestamp = *query.explicit_timestamp;
  const Charset* server = charset_by_collation(query.server_collation);
  if (server) context.server_charset = server->name();
  return context;
}

bool Decoder::Impl::is_told(const QueryEvent& query, const DdlOutcome& outcome) {
  if (!options_.ddl || outcome.is_temporary || outcome.keeps_key) return false;
  return outcome.tables.empty() ? selection_.wants(query.database, "") : !tables_told(outcome).empty();
}

Result<void> Decoder::Impl::ddl(const EventHeader& header, std::string_view body, const QueryEvent& query,
                                Batch& batch) {
  std::string sql = to_utf8(query, query.sql);
  DdlContext context = context_of(query);
  if (options_.judge_alter) {
    context.judge = [this](const Table& before, const Table& after, std::span<const uint32_t> origins) {
      bool read = selection_.wants(after.database, after.name);
      return read ? options_.judge_alter(before, after, origins) : Result<void>();
    };
  }
  bool concerns_aside = false;
  std::vector<TableName> named;
  if (!aside_.empty()) named = named_beside_aside(sql, context, concerns_aside);
  auto behind = std::make_shared<const Position>(behind_ddl(header));
  catalogue_.stand_at(behind);
  DdlOutcome outcome = apply_ddl(sql, context, catalogue_);
  if (outcome.lacks_model) {
    SLUICE_TRY(uses_.complete_catalogue());
    catalogue_.stand_at(behind);
    outcome = apply_ddl(sql, context, catalogue_);
  }
  if (outcome.refused) return while_doing(where(), std::move(*outcome.refused));
  if (outcome.has_query) {
    return fatal(
        "a table was filled by a query that is logged as text ({}), so its rows are not in the log. Set "
        "binlog_format=ROW",
        quoted(query.sql));
  }
  if (!outcome.understood) {
    ++ddl_not_understood_;
    log::warning(
        "{}: a schema change was not understood ({}); the tables it names are learnt anew. Statement: {}",
        where(), options_.seal.empty() ? outcome.why : "why is not shown, either", quoted(sql));
  }
  bool asks = options_.ddl && !outcome.is_temporary &&
              std::any_of(outcome.tables.begin(), outcome.tables.end(),
                          [](const TableName& name) { return may_be_helper(name.table); });
  if (asks) SLUICE_TRY(uses_.complete_catalogue());
  bool told = is_told(query, outcome);
  if (concerns_aside) return set_ddl_aside(header, body, std::move(named), query.database, told);
  if (!told) return {};
  if (passed_over()) {
    ++tx_.changes;
    return {};
  }
  tell_ddl(header, query, sql, outcome, batch);
  return {};
}

void Decoder::Impl::tell_ddl(const EventHeader& header, const QueryEvent& query, std::string_view sql,
                             const DdlOutcome& outcome, Batch& batch) {
  std::vector<TableName> tables = tables_told(outcome);
  uint32_t transaction = transaction_in(batch);
  event_in(batch, header);
  Event& event = batch.events.back();
  event.query = batch.arena.copy(sql);
  bool one = tables.size() == 1;
  event.database = batch.arena.copy(one ? tables[0].database : std::string_view(query.database));
  if (one) event.ddl_table = batch.arena.copy(tables[0].table);
  if (outcome.before) event.ddl_before = batch.hold(outcome.before);
  batch.changes.push_back({.op = Op::Ddl,
                           .index = tx_.changes++,
                           .transaction = transaction,
                           .event = event_,
                           .table = outcome.after ? batch.hold(outcome.after) : nullptr});
}

}  // namespace sluice::mysql
