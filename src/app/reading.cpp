#include "app/reading.h"

namespace sluice::app {

Result<StartPoint> reading::point(const Settings& settings, std::string_view option) {
  auto parsed = parse_start_point(settings.text(option));
  if (!parsed) return while_doing(fmt::format("--{}", option), std::move(parsed).error());
  return *parsed;
}

}  // namespace sluice::app
