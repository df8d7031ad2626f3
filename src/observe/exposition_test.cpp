#include "observe/exposition.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sluice {
namespace {

TEST(Exposition, FamiliesSamplesAndEscapes) {
  Exposition out;
  out.family("sluice_changes_total", MetricKind::Counter, "changes that were read\nsince the \\start\\");
  out.sample({}, uint64_t{18446744073709551615u});
  out.family("sluice_sink_behind_seconds", MetricKind::Gauge, "a \"quoted\" word");
  out.sample({{"sink", "a\"b\\c\nd"}, {"kind", "ünï"}}, 0.25);
  out.sample({{"sink", ""}}, -3);
  out.sample({}, std::nan(""));
  out.sample({}, HUGE_VAL);
  EXPECT_EQ(out.text(),
            "# HELP sluice_changes_total changes that were read\\nsince the \\\\start\\\\\n"
            "# TYPE sluice_changes_total counter\n"
            "sluice_changes_total 18446744073709551615\n"
            "# HELP sluice_sink_behind_seconds a \"quoted\" word\n"
            "# TYPE sluice_sink_behind_seconds gauge\n"
            "sluice_sink_behind_seconds{sink=\"a\\\"b\\\\c\\nd\",kind=\"ünï\"} 0.25\n"
            "sluice_sink_behind_seconds{sink=\"\"} -3\n"
            "sluice_sink_behind_seconds NaN\n"
            "sluice_sink_behind_seconds +Inf\n");
}

TEST(Exposition, HistogramsCountUpwards) {
  Exposition out;
  out.family("sluice_delay_seconds", MetricKind::Histogram, "how long");
  const double bounds[] = {0.005, 1};
  const uint64_t counts[] = {2, 0, 3};
  out.histogram({"sink", "a"}, bounds, counts, 12.5);
  EXPECT_EQ(out.text(),
            "# HELP sluice_delay_seconds how long\n"
            "# TYPE sluice_delay_seconds histogram\n"
            "sluice_delay_seconds_bucket{sink=\"a\",le=\"0.005\"} 2\n"
            "sluice_delay_seconds_bucket{sink=\"a\",le=\"1\"} 2\n"
            "sluice_delay_seconds_bucket{sink=\"a\",le=\"+Inf\"} 5\n"
            "sluice_delay_seconds_sum{sink=\"a\"} 12.5\n"
            "sluice_delay_seconds_count{sink=\"a\"} 5\n");
}

}  // namespace
}  // namespace sluice
