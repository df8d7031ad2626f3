#include "mirror/mirror.h"

#include <algorithm>

#include "base/ascii.h"

namespace sluice::mirror {

namespace {

const TableThere::Column* find_in(const TableThere& there, std::string_view name, bool any_case) {
  auto is_named = [&](const TableThere::Column& each) {
    return any_case ? same_word(each.name, name) : each.name == name;
  };
  auto found = std::find_if(there.columns.begin(), there.columns.end(), is_named);
  return found == there.columns.end() ? nullptr : &*found;
}

}  // namespace

const TableThere::Column* TableThere::find(std::string_view name) const {
  return find_in(*this, name, any_case);
}

namespace {

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

Mirror::Mirror(std::unique_ptr<Target> target, MirrorOptions options,
               std::vector<std::unique_ptr<Target>> others)
    : target_(std::move(target)), options_(std::move(options)) {
  if (!others.empty()) team_.emplace(std::move(others));
}

Result<void> Mirror::connect() {
  forget();
  SLUICE_TRY(target_->connect());
  if (team_) SLUICE_TRY(team_->connect());
  SLUICE_ASSIGN(stored, target_->load(options_.checkpoint));
  auto read = checkpoint_.read(stored);
  if (read) return read;
  return while_doing(fmt::format("reading the checkpoint '{}' of {}", options_.checkpoint, target_->name()),
                     std::move(read).error());
}

void Mirror::forget() {
  touched_.clear();
  current_.clear();
  tables_.clear();
}

void Mirror::abandon() {
  target_->roll_back();  // before it waits: somebody may want what this holds
  if (team_) team_->abandon();
  forget();
}

Result<void> Mirror::write(const Delivery& delivery) {
  // The commit whose answer was lost had come through.
  if (checkpoint_.landed(delivery.batch.sequence)) return {};
  refused_.clear();
  if (delivery.messages.empty()) return {};  // the next checkpoint says so as well
  committed_ = checkpoint_.replayed(delivery);
  if (committed_ == delivery.messages.size() && delivery.position == nullptr) return {};
  // What failed is done again by one connection, so that ours cannot stand in each other's way for ever.
  spreads_ = team_ && failed_ != delivery.batch.sequence;
  auto done = deliver(delivery, false);
  if (!done && (target_->refused() || (team_ && team_->refused()))) {
    abandon();
    std::erase_if(refused_, [&](const Refusal& each) { return each.message >= committed_; });
    done = deliver(delivery, true);
  }
  failed_ = done ? 0 : delivery.batch.sequence;
  if (done) return done;
  abandon();
  refused_.clear();
  return done;
}

Result<void> Mirror::deliver(const Delivery& delivery, bool careful) {
  current_.assign(delivery.destinations(), nullptr);
  headings_.assign(delivery.destinations(), {});
  next_heading_ = 0;
  spreads_ = spreads_ && !careful;
  SLUICE_TRY(target_->begin());
  for (size_t i = committed_; i < delivery.messages.size(); ++i) SLUICE_TRY(take(delivery, i, careful));
  SLUICE_TRY(flush(careful));
  return commit(delivery, delivery.messages.size(), true);
}

Result<void> Mirror::take(const Delivery& delivery, size_t message, bool careful) {
  Record record = read_record(delivery.value(message));
  if (record.act == Act::Refuse) {
    refused_.push_back({message, std::string(record.values)});
    return {};
  }
  // In order over one connection: what the tables themselves hang on, and parts of rows, which need what
  // was before.
  if (shapes(record.act) || record.act == Act::Patch || record.act == Act::Begin) spreads_ = false;
  if (shapes(record.act)) return shape(delivery, message, record, careful);
  SLUICE_ASSIGN(table, table_of(delivery, message, careful));
  if (!table->problem.empty()) {
    refused_.push_back({message, table->problem});
    return {};
  }
  if (table->pending.empty()) touched_.push_back(table);
  table->pending.push_back({record.act, record.key, record.values, message});
  return {};
}

Result<void> Mirror::flush(bool careful) {
  if (spreads_) team_->begin(*target_, touched_);
  for (TableAt* table : touched_) {
    if (table->pending.empty()) continue;
    if (!careful) {
      SLUICE_TRY(target_->apply(*table, table->pending));
      table->pending.clear();
      continue;
    }
    for (const RowOp& row : table->pending) {
      SLUICE_TRY(target_->begin_step());
      auto applied = target_->apply(*table, {&row, 1});
      if (!applied && !target_->refused()) return applied;
      SLUICE_TRY(target_->end_step(applied.has_value()));
      if (!applied) refused_.push_back({row.message, std::move(applied).error().what});
    }
    table->pending.clear();
  }
  touched_.clear();
  return {};
}

Result<void> Mirror::settle(const Delivery& delivery, size_t message, bool careful) {
  SLUICE_TRY(flush(careful));
  if (!target_->ddl_commits() || message <= committed_) return {};
  SLUICE_TRY(commit(delivery, message, false));
  committed_ = message;
  return target_->begin();
}

// Behind the first `done` messages. `ends`: they are all there are.
Result<void> Mirror::commit(const Delivery& delivery, size_t done, bool ends) {
  SLUICE_TRY(target_->save(options_.checkpoint, checkpoint_.advance(delivery, done, ends)));
  if (team_) SLUICE_TRY(team_->end());
  if (!refused_.empty()) {
    std::sort(refused_.begin(), refused_.end(),
              [](const Refusal& a, const Refusal& b) { return a.message < b.message; });
    if (delivery.judge) SLUICE_TRY(delivery.judge->judge(delivery, refused_));
  }
  SLUICE_TRY(target_->commit());
  checkpoint_.committed();
  return {};
}

std::string_view Mirror::place(const Delivery& delivery, size_t message) const {
  return delivery.destination(delivery.address(message).destination);
}

// Headings stand at the first message of a destination, and where they change.
std::string_view Mirror::heading(const Delivery& delivery, size_t message) {
  for (; next_heading_ < delivery.headings.size() && delivery.headings[next_heading_].message <= message;
       ++next_heading_) {
    const Heading& next = delivery.headings[next_heading_];
    uint32_t destination = delivery.address(next.message).destination;
    // Of two shapes, one row's keys may be spelt in two ways.
    if (!headings_[destination].empty()) spreads_ = false;
    headings_[destination] = delivery.text(next);
    current_[destination] = nullptr;
  }
  return headings_[delivery.address(message).destination];
}

Result<TableAt*> Mirror::table_of(const Delivery& delivery, size_t message, bool careful) {
  std::string_view shape = heading(delivery, message);
  uint32_t destination = delivery.address(message).destination;
  if (current_[destination]) return current_[destination];
  std::string at(place(delivery, message));
  std::string key = at + '\0';
  key += shape;
  auto found = tables_.find(key);
  if (found == tables_.end() || !found->second->problem.empty()) {
    auto table = std::make_unique<TableAt>();
    table->place = std::move(at);
    table->shape = parse_shape(shape);
    SLUICE_ASSIGN(problem, ready(delivery, message, *table, careful));
    table->problem = std::move(problem);
    found = tables_.insert_or_assign(std::move(key), std::move(table)).first;
  }
  return current_[destination] = found->second.get();
}

// The table of exactly that name.
Result<std::optional<TableThere>> Mirror::describe(const std::string& place) {
  auto there = target_->describe(place);
  if (there && *there && !(*there)->taken_by.empty()) there->reset();
  return there;
}

// Why the table cannot take the rows; empty: it can, and is there.
Result<std::string> Mirror::ready(const Delivery& delivery, size_t message, TableAt& table, bool careful) {
  SLUICE_ASSIGN(there, target_->describe(table.place));
  if (there && !there->taken_by.empty()) {
    return fmt::format(
        "{} has a table {} and takes {} for the same; give the rows of one another place by `to`, or rename "
        "the table that is there",
        target_->name(), there->taken_by, table.place);
  }
  if (there) {
    learn(table, *there);
    return misfit(table, *there);
  }
  if (!options_.create) {
    return fmt::format("{} has no table {}; create it, or take `create: true`", target_->name(), table.place);
  }
  spreads_ = false;
  SLUICE_TRY(settle(delivery, message, careful));
  if (careful) SLUICE_TRY(target_->begin_step());
  auto created = target_->create(table.place, table.shape);
  if (!created && (!careful || !target_->refused())) return tl::unexpected(std::move(created).error());
  if (careful) SLUICE_TRY(target_->end_step(created.has_value()));
  SLUICE_TRY(begin_again());
  if (!created) return std::move(created).error().what;
  SLUICE_ASSIGN(made, target_->describe(table.place));
  if (made) learn(table, *made);
  return std::string();
}

void Mirror::learn(TableAt& table, const TableThere& there) {
  table.more_unique = there.more_unique;
  table.apart = !table.shape.key.empty() && !there.more_unique && !there.loose_key;
}

std::string Mirror::misfit(const TableAt& table, const TableThere& there) const {
  for (const ShapeColumn& column : table.shape.columns) {
    const TableThere::Column* found = there.find(column.name);
    if (!found) {
      const TableThere::Column* alike = find_in(there, column.name, true);
      return fmt::format(
          "the table {} of {} lacks the column {}, which would be {}; {}add it there, or leave it out "
          "with `columns`",
          table.place, target_->name(), column.name, column.type,
          alike ? fmt::format("{} is another one to it: rename that (there, or here with `rename`), ",
                              alike->name)
                : "");
    }
    if (!target_->fits(found->type, column.type)) {
      return fmt::format("the column {} of the table {} of {} is {} and should be {}; change it there",
                         column.name, table.place, target_->name(), found->type, column.type);
    }
  }
  auto sorted = [&](std::vector<std::string> names) {
    for (std::string& name : names) {
      if (there.any_case) name = lower_ascii(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  };
  std::vector<std::string> key;
  for (uint32_t column : table.shape.key) key.push_back(table.shape.columns[column].name);
  if (key.empty() || sorted(key) == sorted(there.key)) return {};
  if (there.view) {
    return fmt::format(
        "{} of {} is a view, which has no primary key, and ({}) is needed; give the rows the table itself, "
        "or another place by `to`",
        table.place, target_->name(), listed(key));
  }
  return fmt::format("the primary key of the table {} of {} is ({}) and should be ({}); change it there",
                     table.place, target_->name(), listed(there.key), listed(key));
}

Result<void> Mirror::shape(const Delivery& delivery, size_t message, const Record& record, bool careful) {
  if (record.act == Act::RenameFrom) {
    renamed_from_ = place(delivery, message);
    return {};
  }
  // What is renamed is one step with the message before, which did nothing.
  SLUICE_TRY(settle(delivery, message - (record.act == Act::RenameTo ? 1 : 0), careful));
  if (careful) SLUICE_TRY(target_->begin_step());
  auto done = carry_out(delivery, message, record, careful);
  forget();
  current_.assign(delivery.destinations(), nullptr);
  if (!done && !(careful && target_->refused())) return done;
  if (careful) SLUICE_TRY(target_->end_step(done.has_value()));
  if (!done) refused_.push_back({message, std::move(done).error().what});
  return begin_again();
}

// Behind a schema change, which may have ended the transaction whatever became of it: what follows shall not
// be committed statement by statement, without its checkpoint.
Result<void> Mirror::begin_again() { return target_->ddl_commits() ? target_->begin() : Result<void>(); }

Result<void> Mirror::carry_out(const Delivery& delivery, size_t message, const Record& record, bool careful) {
  std::string at(place(delivery, message));
  switch (record.act) {
    case Act::Drop:
    case Act::Truncate: {
      SLUICE_ASSIGN(there, describe(at));
      if (!there) return {};
      return record.act == Act::Drop ? target_->drop(at) : target_->truncate(at);
    }
    case Act::RenameTo:
      if (renamed_from_ != at) SLUICE_TRY(rename(renamed_from_, at));
      [[fallthrough]];
    case Act::Alter: return alter(delivery, message, parse_steps(record.values), careful);
    case Act::Replace: {
      SLUICE_ASSIGN(there, describe(at));
      if (there) SLUICE_TRY(target_->drop(at));
      forget();
      current_.assign(delivery.destinations(), nullptr);
      [[fallthrough]];
    }
    default: {
      SLUICE_ASSIGN(table, table_of(delivery, message, careful));
      if (!table->problem.empty()) refused_.push_back({message, table->problem});
      return {};
    }
  }
}

// Done before where only the new name is there: a schema change may be carried out again.
Result<void> Mirror::rename(const std::string& from, const std::string& to) {
  SLUICE_ASSIGN(old, describe(from));
  return old ? target_->rename(from, to) : Result<void>();
}

Result<void> Mirror::alter(const Delivery& delivery, size_t message, const std::vector<Step>& steps,
                           bool careful) {
  std::string at(place(delivery, message));
  Shape shape = parse_shape(heading(delivery, message));
  SLUICE_ASSIGN(there, describe(at));
  for (const Step& step : steps) {
    if (!there) break;
    bool has = there->find(step.column) != nullptr, wanted = shape.find(step.column) != nullptr;
    bool due = false;
    switch (step.what) {
      case Step::What::Rename: {
        // Where case does not count, the new name may find the column itself.
        const TableThere::Column *old = there->find(step.column), *now = there->find(step.detail);
        due = has && shape.find(step.detail) && (!now || (now == old && now->name != step.detail));
        break;
      }
      case Step::What::Drop: due = has && !wanted; break;
      case Step::What::Add: due = !has && wanted; break;
      case Step::What::Modify: due = has && wanted; break;
    }
    if (!due) continue;
    SLUICE_TRY(target_->alter(at, step, shape));
    SLUICE_ASSIGN(now, describe(at));
    there = std::move(now);
  }
  SLUICE_ASSIGN(table, table_of(delivery, message, careful));
  if (!table->problem.empty()) refused_.push_back({message, table->problem});
  return {};
}

}  // namespace sluice::mirror
