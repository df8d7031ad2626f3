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

std::string_view to_text(MetricKind kind) {
  switch (kind) {
    case MetricKind::Counter: return "counter";
    case MetricKind::Gauge: return "gauge";
    case MetricKind::Histogram: return "histogram";
  }
  return "";
}

void Exposition::family(std::string_view name, MetricKind kind, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} ", name);
  append_escaped(text_, help, false);
  text_ += fmt::format("\n# TYPE {} {}\n", name, to_text(kind));
}

void Exposition::sample(Labels labels, double value) {
  if (std::isnan(value)) return line(labels, "NaN");
  if (std::isinf(value)) return line(labels, value > 0 ? "+Inf" : "-Inf");
  line(labels, fmt::format("{}", value));
}

void Exposition::histogram(std::pair<std::string_view, std::string_view> label,
                           std::span<const double> bounds, std::span<const uint64_t> counts, double sum) {
  uint64_t total = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    total += counts[i];
    std::string bound = i < bounds.size() ? fmt::format("{}", bounds[i]) : "+Inf";
    line({label, {"le", bound}}, fmt::format("{}", total), "_bucket");
  }
  line({label}, fmt::format("{}", sum), "_sum");
  line({label}, fmt::format("{}", total), "_count");
}

void Exposition::line(Labels labels, std::string_view value, std::string_view suffix) {
  text_ += name_;
  text_ += suffix;
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
