#include "mirror/shape.h"

#include <algorithm>
#include <cstring>

#include "base/cursor.h"

namespace sluice::mirror {
namespace {

void put_number(Bytes& out, size_t number) {
  auto small = static_cast<uint32_t>(number);
  out.append({reinterpret_cast<const char*>(&small), sizeof small});
}

void put_text(Bytes& out, std::string_view text) {
  put_number(out, text.size());
  out.append(text);
}

std::string text(Cursor& in) { return std::string(in.bytes(in.u32())); }

}  // namespace

bool Shape::in_key(size_t column) const { return std::find(key.begin(), key.end(), column) != key.end(); }

const ShapeColumn* Shape::find(std::string_view name) const {
  auto found =
      std::find_if(columns.begin(), columns.end(), [&](const auto& each) { return each.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

void append_shape(Bytes& out, const Shape& shape) {
  put_number(out, shape.columns.size());
  for (const ShapeColumn& column : shape.columns) {
    put_text(out, column.name);
    put_text(out, column.type);
  }
  put_number(out, shape.key.size());
  for (uint32_t column : shape.key) put_number(out, column);
}

Shape parse_shape(std::string_view bytes) {
  Cursor in(bytes);
  Shape shape;
  for (uint32_t n = in.u32(); n > 0 && !in.bad(); --n) {
    std::string name = text(in);
    shape.columns.push_back({std::move(name), text(in)});
  }
  for (uint32_t n = in.u32(); n > 0 && !in.bad(); --n) shape.key.push_back(in.u32());
  return shape;
}

void append_steps(Bytes& out, const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    out.push(static_cast<char>(step.what));
    put_text(out, step.column);
    put_text(out, step.detail);
  }
}

std::vector<Step> parse_steps(std::string_view bytes) {
  Cursor in(bytes);
  std::vector<Step> steps;
  while (!in.done() && !in.bad()) {
    auto what = static_cast<Step::What>(in.u8());
    std::string column = text(in);
    steps.push_back({what, std::move(column), text(in)});
  }
  return steps;
}

}  // namespace sluice::mirror
