#include "observe/exposition.h"

#include <cmath>

namespace sluice {
namespace {

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (char c : text) {
    if (c == '\\' || (quotes && c == '"')) out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

}  // namespace

void Exposition::family(std::string_view name, MetricKind kind, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} ", name);
  append_escaped(text_, help, false);
  text_ += fmt::format("\n# TYPE {} {}\n", name, kind == MetricKind::Counter ? "counter" : "gauge");
}

void Exposition::sample(Labels labels, double value) {
  if (std::isnan(value)) return line(labels, "NaN");
  if (std::isinf(value)) return line(labels, value > 0 ? "+Inf" : "-Inf");
  line(labels, fmt::format("{}", value));
}

void Exposition::line(Labels labels, std::string_view value) {
  text_ += name_;
  char before = '{';
  for (const auto& [name, content] : labels) {
    text_ += fmt::format("{}{}=\"", before, name);
    append_escaped(text_, content, true);
    text_ += '"';
    before = ',';
  }
  if (labels.size() > 0) text_ += '}';
  text_ += fmt::format(" {}\n", value);
}

}  // namespace sluice
