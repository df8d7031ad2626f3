// Exposition: metrics as Prometheus reads them (text format 0.0.4). Families come one after the other, each
// with all its samples.
#pragma once

#include <fmt/core.h>

#include <concepts>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

enum class MetricKind : uint8_t { Counter, Gauge, Histogram };
std::string_view to_text(MetricKind kind);

class Exposition {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  // Of names and labels' names: letters, digits and underscores. Help and labels' values may hold anything.
  void family(std::string_view name, MetricKind kind, std::string_view help);
  // Of the family begun last.
  void sample(Labels labels, std::integral auto value) { line(labels, fmt::format("{}", value)); }
  void sample(Labels labels, double value);

  // Of a histogram: how many were within each bound and above the one before, behind them those above the
  // last.
  void histogram(std::pair<std::string_view, std::string_view> label, std::span<const double> bounds,
                 std::span<const uint64_t> counts, double sum);

  const std::string& text() const { return text_; }

 private:
  void line(Labels labels, std::string_view value, std::string_view suffix = {});

  std::string name_;
  std::string text_;
};

}  // namespace sluice
