#include "format/debezium/transaction.h"

#include <fmt/core.h>

#include "format/debezium/schema.h"
#include "format/json_text.h"
#include "format/spell.h"

namespace sluice::debezium {
namespace {

void append_number(Bytes& out, std::string_view before, uint64_t number) {
  out.append(before);
  out.commit(spell_uint(out.reserve(kScalarBytes + kSlack), number));
}

}  // namespace

TransactionBlock::TransactionBlock(bool schemas)
    : key_head_(schemas ? "{\"schema\":" + transaction_key_schema() + ",\"payload\":" : ""),
      value_head_(schemas ? "{\"schema\":" + transaction_value_schema() + ",\"payload\":" : ""),
      tail_(schemas ? "}" : "") {}

bool TransactionBlock::is_open(const Batch& batch, const Change& change) const {
  return !id_.empty() && opened_ == batch.transactions[change.transaction].id;
}

void TransactionBlock::open(const Batch& batch, const Change& change) {
  const Transaction& transaction = batch.transactions[change.transaction];
  opened_ = transaction.id;
  id_.clear();
  if (!transaction.gtid.empty()) {
    id_.append(transaction.gtid);
  } else {
    std::string_view file = batch.events[change.event].file;
    id_.append("file=");
    id_.commit(spell_json_text(id_.reserve(6 * file.size() + kSlack), file));
    append_number(id_, ",pos=", transaction.begin);
  }
  if (counts_.size() > kMostTables) counts_.clear();
  told_.clear();
  last_ = nullptr;
  rows_ = 0;
  ++number_;
  ms_ = commit_us(transaction, batch.events[change.event]) / 1000;
}

void TransactionBlock::count(const Table& table) {
  if (!last_ || last_serial_ != table.serial) {
    auto [found, fresh] = counts_.try_emplace(table.serial);
    last_ = &found->second;
    last_serial_ = table.serial;
    if (fresh) last_->name = quoted(full_name(table));
    if (fresh || last_->transaction != number_) {
      last_->transaction = number_;
      last_->rows = 0;
      told_.push_back(last_);
    }
  }
  ++rows_;
  ++last_->rows;
}

void TransactionBlock::append(Bytes& out) const {
  out.append("{\"id\":\"");
  out.append(id_.view());
  append_number(out, "\",\"total_order\":", rows_);
  append_number(out, ",\"data_collection_order\":", last_->rows);
  out.push('}');
}

void TransactionBlock::append_message(Bytes& out, bool ended) const {
  out.append(value_head_);
  out.append(ended ? R"({"status":"END","id":")" : R"({"status":"BEGIN","id":")");
  out.append(id_.view());
  if (ended) {
    append_number(out, R"(","event_count":)", rows_);
    out.append(",\"data_collections\":[");
    for (const Count* each : told_) {
      out.append(each == told_.front() ? "{\"data_collection\":" : ",{\"data_collection\":");
      out.append(each->name);
      append_number(out, ",\"event_count\":", each->rows);
      out.push('}');
    }
    out.push(']');
  } else {
    out.append(R"(","event_count":null,"data_collections":null)");
  }
  append_number(out, ",\"ts_ms\":", ms_);
  out.push('}');
  out.append(tail_);
}

void TransactionBlock::append_key(Bytes& out) const {
  out.append(key_head_);
  out.append("{\"id\":\"");
  out.append(id_.view());
  out.append("\"}");
  out.append(tail_);
}

}  // namespace sluice::debezium
