#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "base/hash.h"
#include "base/utf8.h"
#include "format/json_binary.h"
#include "format/plain.h"
#include "format/spell.h"
#include "rule/json_path.h"
#include "rule/moment.h"
#include "rule/steps.h"

namespace sluice::rule {
namespace {

template <class Map>
Value mapped(const Step& step, Frame& frame, Map map) {
  Value value = step.part(0, frame);
  if (value.kind != Value::Kind::Text) return {};
  char* out = frame.room(value.size);
  if (!out) return {};
  std::transform(value.data, value.data + value.size, out, map);
  return Value::of_text({out, value.size});
}

// A character's first byte is any that does not continue one.
bool begins(char c) { return (c & 0xc0) != 0x80; }

int64_t characters(std::string_view text) { return std::count_if(text.begin(), text.end(), begins); }

// The offset of the character behind `count` others.
size_t offset_of(std::string_view text, int64_t count) {
  size_t at = 0;
  for (; at < text.size(); ++at) {
    if (begins(text[at]) && count-- == 0) break;
  }
  return at;
}

Value text_of(const char* room, const char* end) {
  return Value::of_text({room, static_cast<size_t>(end - room)});
}

Value part_of_moment(const Step& step, Frame& frame, int64_t (*of_moment)(uint64_t),
                     int64_t (*of_time)(uint64_t)) {
  Value value = step.part(0, frame);
  if (value.kind == Value::Kind::Moment) return Value::of_int(of_moment(value.u));
  if (value.kind != Value::Kind::Time || !of_time) return {};
  return Value::of_int(
      of_time(value.i < 0 ? 0 - static_cast<uint64_t>(value.i) : static_cast<uint64_t>(value.i)));
}

}  // namespace

Value run_lower(const Step& step, Frame& frame) {
  return mapped(step, frame, [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
}

Value run_upper(const Step& step, Frame& frame) {
  return mapped(step, frame, [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
}

Value run_substr(const Step& step, Frame& frame) {
  Value value = step.part(0, frame), from_value = step.part(1, frame);
  Value most_value = step.parts.size() > 2 ? step.part(2, frame) : Value::of_int(INT64_MAX);
  if (value.kind != Value::Kind::Text || !from_value.number() || !most_value.number()) return {};
  int64_t from = nearest_place(from_value), most = nearest_place(most_value);
  std::string_view text = value.text();
  int64_t count = step.flag ? static_cast<int64_t>(text.size()) : characters(text);
  int64_t begin = from > 0 ? from - 1 : from < -count ? count : count + from;
  if (from == 0 || begin >= count || most <= 0) return Value::of_text("");
  int64_t end = begin + std::min(most, count - begin);
  if (step.flag)
    return Value::of_text(text.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
  size_t first = offset_of(text, begin);
  text.remove_prefix(first);
  return Value::of_text(text.substr(0, offset_of(text, end - begin)));
}

Value run_length(const Step& step, Frame& frame) {
  Value value = step.part(0, frame);
  return value.kind == Value::Kind::Text ? Value::of_int(value.size) : Value();
}

Value run_char_length(const Step& step, Frame& frame) {
  Value value = step.part(0, frame);
  if (value.kind != Value::Kind::Text) return {};
  return Value::of_int(step.flag ? value.size : characters(value.text()));
}

Value run_spell(const Step& step, Frame& frame) {
  Value value = step.part(0, frame);
  if (value.null() || value.kind == Value::Kind::Text) return value;
  char* room = frame.texts.allocate(Decimal::kMostText + kScalarBytes + kSlack);
  switch (value.kind) {
    case Value::Kind::Int: {
      char* end = spell_int(room, value.i);
      if (step.scale > 0) {
        *end++ = '.';
        std::memset(end, '0', step.scale);
        end += step.scale;
      }
      return text_of(room, end);
    }
    case Value::Kind::Wide: return text_of(room, value.wide->spell(room, step.scale));
    case Value::Kind::Real: {
      Cell cell{.kind = Kind::Double};
      cell.d = value.d;
      return text_of(room, spell_plain_real(room, cell));
    }
    case Value::Kind::Moment: {
      char* end = spell_datetime(room, value.u, step.scale);
      return text_of(room, step.flag ? room + 10 : end);
    }
    default: return text_of(room, spell_time(room, value.i, step.scale));
  }
}

Value run_concat(const Step& step, Frame& frame) {
  auto* values = frame.texts.array<Value>(step.parts.size());
  size_t size = 0;
  for (size_t i = 0; i < step.parts.size(); ++i) {
    values[i] = step.part(i, frame);
    if (values[i].kind != Value::Kind::Text) return {};
    size += values[i].size;
  }
  char* room = frame.room(size);
  if (!room) return {};
  char* end = room;
  for (size_t i = 0; i < step.parts.size(); ++i) end = std::copy_n(values[i].data, values[i].size, end);
  return text_of(room, end);
}

Value run_hash(const Step& step, Frame& frame) {
  Value value = step.part(0, frame);
  if (value.kind != Value::Kind::Text) return {};
  return Value::of_int(std::llabs(murmur2(value.text())));
}

// Strings become text, numbers numbers, true and false 1 and 0; null and what is not there NULL, arrays and
// objects their text.
Value run_json(const Step& step, Frame& frame) {
  Value value = step.part(0, frame);
  if (value.kind != Value::Kind::Text) return {};
  std::string_view document = value.text();
  if (step.flag) {
    frame.document.clear();
    char* end = spell_json_binary(frame.document.reserve(json_binary_bound(document.size()) + kSlack),
                                  document, JsonSpacing::Compact);
    if (!end) return {};
    frame.document.commit(end);
    document = frame.document.view();
  }
  std::string_view found = step.path->find(document, frame.scratch);
  if (found.empty() || found == "null") return {};
  if (found == "true" || found == "false") return Value::of_int(found == "true");
  if (found[0] == '"') {
    found = found.substr(1, found.size() - 2);
    frame.scratch.clear();
    if (!append_unescaped(frame.scratch, found)) return {};
    return frame.copy(frame.scratch.view());
  }
  if (found[0] == '{' || found[0] == '[') return frame.copy(found);
  if (Decimal& exact = frame.decimals[step.slot]; Decimal::parse(found, exact)) {
    int64_t whole = 0;
    return exact.to_int(whole) ? Value::of_int(whole) : Value::of_wide(exact);
  }
  double real = 0;
  auto [end, fault] = std::from_chars(found.data(), found.data() + found.size(), real);
  bool number = fault == std::errc() && end == found.data() + found.size() && std::isfinite(real);
  return number ? Value::of_real(real) : Value();
}

Value run_year(const Step& step, Frame& frame) {
  return part_of_moment(
      step, frame, [](uint64_t u) { return static_cast<int64_t>((u >> 46) / 13); }, nullptr);
}
Value run_month(const Step& step, Frame& frame) {
  return part_of_moment(
      step, frame, [](uint64_t u) { return static_cast<int64_t>((u >> 46) % 13); }, nullptr);
}
Value run_day(const Step& step, Frame& frame) {
  return part_of_moment(
      step, frame, [](uint64_t u) { return static_cast<int64_t>(u >> 41 & 31); }, nullptr);
}
Value run_hour(const Step& step, Frame& frame) {
  return part_of_moment(
      step, frame, [](uint64_t u) { return static_cast<int64_t>(u >> 36 & 31); },
      [](uint64_t u) { return static_cast<int64_t>(u >> 36); });
}
Value run_minute(const Step& step, Frame& frame) {
  auto minute = [](uint64_t u) { return static_cast<int64_t>(u >> 30 & 63); };
  return part_of_moment(step, frame, minute, minute);
}
Value run_second(const Step& step, Frame& frame) {
  auto second = [](uint64_t u) { return static_cast<int64_t>(u >> 24 & 63); };
  return part_of_moment(step, frame, second, second);
}
Value run_date(const Step& step, Frame& frame) {
  Value value = step.part(0, frame);
  return value.kind == Value::Kind::Moment ? Value::of_moment(value.u & ~kClockBits) : Value();
}

}  // namespace sluice::rule
