#include <cstring>

#include "format/address.h"
#include "format/plain.h"
#include "format/spell.h"
#include "rule/moment.h"
#include "rule/steps.h"

namespace sluice::rule {
namespace {

Value whole(uint64_t value, const Step& step, Frame& frame) {
  if (value <= INT64_MAX) return Value::of_int(static_cast<int64_t>(value));
  return Value::of_wide(frame.decimals[step.slot] = Decimal::of_unsigned(value));
}

Value member(const Cell& cell, const Step& step, Frame& frame) {
  if (cell.u == 0) return Value::of_text("");
  if (cell.u <= step.shape->members.size()) return Value::of_text(step.shape->members[cell.u - 1]);
  char* room = frame.texts.allocate(kScalarBytes + kSlack);
  return Value::of_text({room, static_cast<size_t>(spell_uint(room, cell.u) - room)});
}

Value plain(const Cell& cell, const Step& step, Frame& frame) {
  frame.scratch.clear();
  append_plain(frame.scratch, cell, *step.shape);
  return frame.copy(frame.scratch.view());
}

Value of_cell(const Cell& cell, const Step& step, Frame& frame) {
  switch (cell.kind) {
    case Kind::Missing:
    case Kind::JsonPatch: frame.absent = step.shape; return {};
    case Kind::Null: return {};
    case Kind::Int: return Value::of_int(cell.i);
    case Kind::Uint:
    case Kind::Bit:
    case Kind::Year: return whole(cell.u, step, frame);
    case Kind::Float:
    case Kind::Double: return Value::of_real(cell.d);
    case Kind::Decimal:
      return Value::of_wide(frame.decimals[step.slot] = Decimal::unpack(cell.bytes(), cell.aux, cell.aux2));
    case Kind::Date: return Value::of_moment(moment_of(cell.u >> 9, cell.u >> 5 & 15, cell.u & 31));
    case Kind::DateTime: return Value::of_moment(cell.u);
    case Kind::Timestamp:
      return Value::of_moment(cell.u == 0 ? 0 : moment_of_unix(cell.u >> 24, cell.u & 0xffffff));
    case Kind::Time: return Value::of_time(cell.i);
    case Kind::Enum: return member(cell, step, frame);
    case Kind::Set:
    case Kind::Uuid:
    case Kind::Inet4:
    case Kind::Inet6: return plain(cell, step, frame);
    case Kind::Text:
    case Kind::Blob:
    case Kind::Json:
    case Kind::Geometry:
    case Kind::Vector: return frame.spend(cell.size) ? Value::of_text(cell.bytes()) : Value();
  }
  return {};
}

const Cell* cell_of(const Row& row, uint32_t column) { return column < row.count ? &row[column] : nullptr; }

// The cell of the row behind the change; what an update's image leaves out was not changed. Null: there is no
// such row, or the image does not tell.
const Cell* new_cell(const Change& change, uint32_t column) {
  const Cell* cell = cell_of(change.after, column);
  if (cell && !cell->present() && change.before) cell = cell_of(change.before, column);
  return cell;
}

Value of_cell(const Row& row, const Cell* cell, const Step& step, Frame& frame) {
  if (!row) return {};
  static constexpr Cell kMissing{};
  return of_cell(cell ? *cell : kMissing, step, frame);
}

}  // namespace

Value run_constant(const Step& step, Frame&) { return step.constant; }

Value run_old(const Step& step, Frame& frame) {
  const Row& row = frame.change->before;
  return of_cell(row, cell_of(row, step.column), step, frame);
}

Value run_new(const Step& step, Frame& frame) {
  return of_cell(frame.change->after, new_cell(*frame.change, step.column), step, frame);
}

Value run_current(const Step& step, Frame& frame) {
  return frame.change->after ? run_new(step, frame) : run_old(step, frame);
}

Value run_changed(const Step& step, Frame& frame) {
  const Change& change = *frame.change;
  static constexpr Cell kNull{.kind = Kind::Null};
  const Cell* before = change.before ? cell_of(change.before, step.column) : &kNull;
  const Cell* after = change.after ? cell_of(change.after, step.column) : &kNull;
  if (after && !after->present() && change.before) return Value::of_int(0);
  // A patch says that something was changed, not what from.
  if (!before || !after || !before->present() || !after->present()) frame.absent = step.shape;
  if (frame.absent == step.shape) return {};
  return Value::of_int(!same_value(*before, *after));
}

Value run_operation(const Step&, Frame& frame) {
  static constexpr std::string_view kNames[] = {"insert", "update", "delete", "ddl"};  // by Op
  return Value::of_text(kNames[static_cast<size_t>(frame.change->op)]);
}

Value run_ts(const Step&, Frame& frame) {
  uint64_t us = frame.batch->transactions[frame.change->transaction].commit_us;
  if (us == 0) us = uint64_t{frame.batch->events[frame.change->event].timestamp} * 1'000'000;
  return Value::of_moment(moment_of_unix(us / 1'000'000, static_cast<uint32_t>(us % 1'000'000)));
}

}  // namespace sluice::rule
