#include "format/canal/patch.h"

#include <algorithm>

namespace sluice::canal {
namespace {

struct Step {
  std::string_view op, path, value;  // path: the inside of a JSON string
};

// Reads {"op":"replace","path":"$.a","value":1} one by one from the text that our own speller wrote.
class Steps {
 public:
  explicit Steps(std::string_view text) : rest_(text.substr(std::min<size_t>(1, text.size()))) {}

  bool next(Step& step) {
    step = {};
    if (!rest_.starts_with("{\"op\":\"")) return false;
    rest_.remove_prefix(7);
    step.op = take(string_end());
    if (!rest_.starts_with("\",\"path\":\"")) return false;
    rest_.remove_prefix(10);
    step.path = take(string_end());
    rest_.remove_prefix(std::min<size_t>(1, rest_.size()));
    if (rest_.starts_with(",\"value\":")) {
      rest_.remove_prefix(9);
      step.value = take(value_end());
    }
    rest_.remove_prefix(std::min<size_t>(2, rest_.size()));  // } and what follows
    return true;
  }

 private:
  std::string_view take(size_t size) {
    std::string_view part = rest_.substr(0, size);
    rest_.remove_prefix(part.size());
    return part;
  }
  // Where the string whose inside `rest_` begins with is closed.
  size_t string_end(size_t at = 0) const {
    while (at < rest_.size() && rest_[at] != '"') at += rest_[at] == '\\' ? 2 : 1;
    return std::min(at, rest_.size());
  }
  size_t value_end() const {
    size_t depth = 0, at = 0;
    for (; at < rest_.size(); ++at) {
      char c = rest_[at];
      if (c == '"') {
        at = string_end(at + 1);
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if (c == '}' || c == ']') {
        if (depth-- == 0) break;
      } else if (c == ',' && depth == 0) {
        break;
      }
    }
    return std::min(at, rest_.size());
  }

  std::string_view rest_;
};

std::string_view function_of(std::string_view op) {
  if (op == "insert") return "JSON_INSERT(";
  if (op == "remove") return "JSON_REMOVE(";
  return "JSON_REPLACE(";
}

// As an SQL string: what JSON escaped is plain, a single quote is doubled.
void append_path(Bytes& out, std::string_view path) {
  out.append(", '");
  for (size_t i = 0; i < path.size(); ++i) {
    bool escaped = path[i] == '\\' && i + 1 < path.size() && (path[i + 1] == '"' || path[i + 1] == '\\');
    if (escaped) ++i;
    if (path[i] == '\'') out.push('\'');
    out.push(path[i]);
  }
  out.push('\'');
}

}  // namespace

void append_patch(Bytes& out, std::string_view column, std::string_view steps) {
  if (!steps.starts_with("[{\"op\":")) return out.append(steps);
  // The outermost function, of the last step, stands first; steps of one kind in a row share theirs.
  size_t begin = out.size();
  std::string_view last;
  Step step;
  for (Steps reader(steps); reader.next(step); last = step.op) {
    if (step.op == last) continue;
    std::string_view function = function_of(step.op);
    out.reserve(function.size());
    std::copy_backward(out.data() + begin, out.data() + out.size(),
                       out.data() + out.size() + function.size());
    std::copy(function.begin(), function.end(), out.data() + begin);
    out.commit(out.data() + out.size() + function.size());
  }
  out.push('@');
  out.append(column);
  last = {};
  for (Steps reader(steps); reader.next(step); last = step.op) {
    if (!last.empty() && step.op != last) out.push(')');
    append_path(out, step.path);
    if (step.op == "remove") continue;
    out.append(", ");
    out.append(step.value);
  }
  out.push(')');
}

}  // namespace sluice::canal
