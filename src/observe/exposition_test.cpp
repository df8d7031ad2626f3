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

}  // namespace
}  // namespace sluice
