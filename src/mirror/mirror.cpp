#include "mirror/mirror.h"

#include <algorithm>
#include <charconv>

#include "base/log.h"

namespace sluice::mirror {

const TableThere::Column* TableThere::find(std::string_view name) const {
  auto found =
      std::find_if(columns.begin(), columns.end(), [&](const auto& each) { return each.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

namespace {

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

std::string to_text(const Mark& mark) {
  return fmt::format("{} {} {} {}", mark.offset, mark.index, mark.file, mark.server);
}

Result<Mark> parse_mark(std::string_view text) {
  Mark mark;
  auto number = [&text](auto& value) {
    auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    bool good = code == std::errc() && end != text.data() + text.size() && *end == ' ';
    if (good) text.remove_prefix(static_cast<size_t>(end - text.data()) + 1);
    return good;
  };
  size_t space = std::string_view::npos;
  if (number(mark.offset) && number(mark.index)) space = text.rfind(' ');
  if (space == std::string_view::npos) return fatal("'{}' is no mark of a checkpoint", text);
  mark.file = text.substr(0, space);
  mark.server = text.substr(space + 1);
  return mark;
}

Mirror::Mirror(std::unique_ptr<Target> target, MirrorOptions options)
    : target_(std::move(target)), options_(std::move(options)) {}

Result<void> Mirror::connect() {
  forget();
  SLUICE_TRY(target_->connect());
  SLUICE_ASSIGN(stored, target_->load(options_.checkpoint));
  landed_ = stored && committing_ != 0 && stored->serial == saved_.serial ? committing_ : 0;
  committing_ = 0;
  position_.reset();
  mark_.reset();
  if (!stored) return {};
  serial_ = stored->serial;
  std::string reading =
      fmt::format("reading the checkpoint '{}' of {}", options_.checkpoint, target_->name());
  if (!stored->position.empty()) {
    auto position = parse_position(stored->position);
    if (!position) return while_doing(reading, std::move(position).error());
    position_ = std::move(*position);
  }
  if (!stored->mark.empty()) {
    auto mark = parse_mark(stored->mark);
    if (!mark) return while_doing(reading, std::move(mark).error());
    mark_ = std::move(*mark);
  }
  return {};
}

void Mirror::forget() {
  touched_.clear();
  current_.clear();
  tables_.clear();
}

Result<void> Mirror::write(const Delivery& delivery) {
  // The commit whose answer was lost had come through.
  if (landed_ != 0 && landed_ == delivery.batch.sequence) return {};
  landed_ = 0;
  refused_.clear();
  if (delivery.messages.empty()) return {};  // the next checkpoint says so as well
  committed_ = replayed(delivery);
  if (committed_ == delivery.messages.size() && delivery.position == nullptr) return {};
  auto done = deliver(delivery, false);
  if (!done && target_->refused()) {
    target_->roll_back();
    forget();
    std::erase_if(refused_, [&](const Refusal& each) { return each.message >= committed_; });
    done = deliver(delivery, true);
  }
  if (done) return done;
  target_->roll_back();
  forget();
  refused_.clear();
  return done;
}

Result<void> Mirror::deliver(const Delivery& delivery, bool careful) {
  current_.assign(delivery.destinations(), nullptr);
  headings_.assign(delivery.destinations(), {});
  next_heading_ = 0;
  SLUICE_TRY(target_->begin());
  for (size_t i = committed_; i < delivery.messages.size(); ++i) SLUICE_TRY(take(delivery, i, careful));
  SLUICE_TRY(flush(careful));
  SLUICE_TRY(save(delivery, delivery.messages.size(), true));
  return commit(delivery);
}

Result<void> Mirror::take(const Delivery& delivery, size_t message, bool careful) {
  Record record = read_record(delivery.value(message));
  if (record.act == Act::Refuse) {
    refused_.push_back({message, std::string(record.values)});
    return {};
  }
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
  for (TableAt* table : touched_) {
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
  SLUICE_TRY(save(delivery, message, false));
  SLUICE_TRY(commit(delivery));
  committed_ = message;
  return target_->begin();
}

// What the commit behind the first `done` messages makes of the checkpoint. `ends`: they are all there are.
Result<void> Mirror::save(const Delivery& delivery, size_t done, bool ends) {
  position_saved_ = position_;
  mark_saved_ = mark_;
  const Position* position = ends ? delivery.position : nullptr;
  bool moves = position && !(position_ && covers(*position_, *position));
  if (moves) position_saved_ = *position;
  // What was set aside or parked comes from before the checkpoint, and leaves it where it is.
  if (done > 0 && behind_position(delivery, done - 1)) {
    bool inside = !position || delivery.whole < done;
    mark_saved_ = inside ? std::optional(mark_of(delivery, done - 1)) : std::nullopt;
  } else if (moves) {
    mark_saved_.reset();
  }
  saved_ = {position_saved_ ? sluice::to_text(*position_saved_) : "",
            mark_saved_ ? to_text(*mark_saved_) : "", serial_ + 1};
  committing_ = ends ? delivery.batch.sequence : 0;
  return target_->save(options_.checkpoint, saved_);
}

Result<void> Mirror::commit(const Delivery& delivery) {
  if (!refused_.empty()) {
    std::sort(refused_.begin(), refused_.end(),
              [](const Refusal& a, const Refusal& b) { return a.message < b.message; });
    if (delivery.judge) SLUICE_TRY(delivery.judge->judge(delivery, refused_));
  }
  SLUICE_TRY(target_->commit());
  position_ = position_saved_;
  mark_ = mark_saved_;
  serial_ = saved_.serial;
  committing_ = 0;
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

// Why the table cannot take the rows; empty: it can, and is there.
Result<std::string> Mirror::ready(const Delivery& delivery, size_t message, TableAt& table, bool careful) {
  SLUICE_ASSIGN(there, target_->describe(table.place));
  if (there) {
    table.more_unique = there->more_unique;
    return misfit(table, *there);
  }
  if (!options_.create) {
    return fmt::format("{} has no table {}; create it, or take `create: true`", target_->name(), table.place);
  }
  SLUICE_TRY(settle(delivery, message, careful));
  if (careful) SLUICE_TRY(target_->begin_step());
  auto created = target_->create(table.place, table.shape);
  if (!created && (!careful || !target_->refused())) return tl::unexpected(std::move(created).error());
  if (careful) SLUICE_TRY(target_->end_step(created.has_value()));
  return created ? std::string() : std::move(created).error().what;
}

std::string Mirror::misfit(const TableAt& table, const TableThere& there) const {
  for (const ShapeColumn& column : table.shape.columns) {
    const TableThere::Column* found = there.find(column.name);
    if (!found) {
      return fmt::format(
          "the table {} of {} lacks the column {}, which would be {}; add it there, or leave it out "
          "with `columns`",
          table.place, target_->name(), column.name, column.type);
    }
    if (!target_->fits(found->type, column.type)) {
      return fmt::format("the column {} of the table {} of {} is {} and should be {}; change it there",
                         column.name, table.place, target_->name(), found->type, column.type);
    }
  }
  std::vector<std::string> key;
  for (uint32_t column : table.shape.key) key.push_back(table.shape.columns[column].name);
  auto sorted = [](std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    return names;
  };
  if (!key.empty() && sorted(key) != sorted(there.key)) {
    return fmt::format("the primary key of the table {} of {} is ({}) and should be ({}); change it there",
                       table.place, target_->name(), listed(there.key), listed(key));
  }
  return {};
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
  if (!careful) return done;
  if (!done && !target_->refused()) return done;
  SLUICE_TRY(target_->end_step(done.has_value()));
  if (!done) refused_.push_back({message, std::move(done).error().what});
  return {};
}

Result<void> Mirror::carry_out(const Delivery& delivery, size_t message, const Record& record, bool careful) {
  std::string at(place(delivery, message));
  switch (record.act) {
    case Act::Drop: return target_->drop(at);
    case Act::Truncate: {
      SLUICE_ASSIGN(there, target_->describe(at));
      return there ? target_->truncate(at) : Result<void>();
    }
    case Act::RenameTo:
      if (renamed_from_ != at) SLUICE_TRY(rename(renamed_from_, at));
      [[fallthrough]];
    case Act::Alter: return alter(delivery, message, parse_steps(record.values), careful);
    case Act::Replace:
      SLUICE_TRY(target_->drop(at));
      forget();
      current_.assign(delivery.destinations(), nullptr);
      [[fallthrough]];
    default: {
      SLUICE_ASSIGN(table, table_of(delivery, message, careful));
      if (!table->problem.empty()) refused_.push_back({message, table->problem});
      return {};
    }
  }
}

// Done before where only the new name is there: a schema change may be carried out again.
Result<void> Mirror::rename(const std::string& from, const std::string& to) {
  SLUICE_ASSIGN(old, target_->describe(from));
  return old ? target_->rename(from, to) : Result<void>();
}

Result<void> Mirror::alter(const Delivery& delivery, size_t message, const std::vector<Step>& steps,
                           bool careful) {
  std::string at(place(delivery, message));
  Shape shape = parse_shape(heading(delivery, message));
  SLUICE_ASSIGN(there, target_->describe(at));
  for (const Step& step : steps) {
    if (!there) break;
    bool has = there->find(step.column) != nullptr, wanted = shape.find(step.column) != nullptr;
    bool due = false;
    switch (step.what) {
      case Step::What::Rename: due = has && !there->find(step.detail) && shape.find(step.detail); break;
      case Step::What::Drop: due = has && !wanted; break;
      case Step::What::Add: due = !has && wanted; break;
      case Step::What::Modify: due = has && wanted; break;
    }
    if (!due) continue;
    SLUICE_TRY(target_->alter(at, step, shape));
    SLUICE_ASSIGN(now, target_->describe(at));
    there = std::move(now);
  }
  SLUICE_ASSIGN(table, table_of(delivery, message, careful));
  if (!table->problem.empty()) refused_.push_back({message, table->problem});
  return {};
}

Mark Mirror::mark_of(const Delivery& delivery, size_t message) {
  const Change& change = delivery.batch.changes[delivery.messages[message].change];
  const Event& event = delivery.batch.events[change.event];
  return {delivery.batch.resume.server_uuid, std::string(event.file), event.offset, change.index};
}

bool Mirror::behind_position(const Delivery& delivery, size_t message) const {
  if (!position_ || position_->file.empty() || position_->server_uuid != delivery.batch.resume.server_uuid)
    return true;
  Mark at = mark_of(delivery, message);
  auto order = compare_log_files(at.file, position_->file);
  return order > 0 || (order == 0 && at.offset >= position_->offset);
}

// How many messages at the front were carried out before a restart, or before a failure in the middle.
size_t Mirror::replayed(const Delivery& delivery) const {
  size_t n = 0;
  if (!mark_ || mark_->server != delivery.batch.resume.server_uuid) return 0;
  for (; n < delivery.messages.size() && behind_position(delivery, n); ++n) {
    Mark at = mark_of(delivery, n);
    auto order = compare_log_files(at.file, mark_->file);
    bool done = order < 0 || (order == 0 && (at.offset < mark_->offset ||
                                             (at.offset == mark_->offset && at.index <= mark_->index)));
    if (!done) break;
  }
  return n;
}

}  // namespace sluice::mirror
